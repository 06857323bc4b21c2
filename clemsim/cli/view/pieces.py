"""The drawing of a game in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.map_text import map_lines
from clemsim.game.pieces import (
    CellTable,
    FactList,
    Grid,
    MapDrawing,
    Paragraph,
    Piece,
    Tone,
    Toned,
    latest_of_each,
)

STYLES: Mapping[Tone, str] = {
    "neutral": "",
    "good": "bold green",
    "near": "bold yellow",
    "bad": "bold red",
    "highlight": "bold cyan",
    "faint": "dim",
}
MOST = 300  # characters of a cell
MOST_OF_PARAGRAPH = 4000


def drawing(pieces: Sequence[Piece]) -> RenderableType:
    """Return the pieces; of states of one thing, the last."""
    return Group(*(part for piece in latest_of_each(pieces) for part in _piece(piece)))


def _piece(piece: Piece) -> Iterator[RenderableType]:
    if piece.title:
        yield plain(piece.title, "bold", MOST)
    match piece:
        case Paragraph():
            yield _toned(piece.toned, MOST_OF_PARAGRAPH)
        case FactList(facts=facts):
            for name, value in facts:
                yield plain(f"{name}: ", "dim", MOST) + _toned(value, MOST_OF_PARAGRAPH)
        case Grid():
            yield _grid(piece)
        case CellTable():
            yield _table(piece)
        case MapDrawing():
            yield from (plain(line, STYLES[tone], MOST) for line, tone in map_lines(piece))
    if piece.explained:
        meanings = (plain(f"{mark} {meaning}", STYLES[tone], MOST) for tone, mark, meaning in piece.explained)
        yield Text("   ").join(meanings)
    yield Text()


def _grid(grid: Grid) -> RichTable:
    """Return the cells in columns; each has the mark of its tone beside it."""
    table = RichTable.grid(padding=(0, 1))
    if grid.row_labels:
        table.add_column(justify="right")
    for _ in range(max((len(row) for row in grid.rows), default=0)):
        table.add_column(no_wrap=True)
    if grid.column_labels:
        table.add_row(*([Text()] if grid.row_labels else []), *(plain(label, "dim", MOST) for label in grid.column_labels))
    for number, row in enumerate(grid.rows):
        labels = [plain(grid.row_labels[number] if number < len(grid.row_labels) else "", "dim", MOST)]
        table.add_row(*(labels if grid.row_labels else []), *map(_toned, row))
    return table


def _table(cells: CellTable) -> RichTable:
    table = RichTable()
    for name in cells.columns:
        table.add_column(plain(name, "", MOST), overflow="fold")
    for row in cells.rows:
        table.add_row(*map(_toned, row[: len(cells.columns)]))
    return table


def _toned(text: Toned, most: int = MOST) -> Text:
    apart = " " if text.mark and len(text.text) > 1 else ""
    return plain(text.text, STYLES[text.tone], most) + plain(f"{apart}{text.mark}", STYLES[text.tone])
