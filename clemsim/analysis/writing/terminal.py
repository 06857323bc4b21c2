"""Tables and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import HORIZONTALS
from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.writing.tables import heading, shown

ROWS = 20  # of a table; the files have all
SHORT = 9  # characters; a column of such words is not folded


def told(analyses: Sequence[Analysis], left_out: Sequence[str]) -> Iterator[RenderableType]:
    """Each analysis with its sentences and its main table, then what was left out."""
    for each in analyses:
        letter = f"{each.letter}  " if len(each.letter) == 1 else ""
        yield plain(f"\n{letter}{each.title}", "bold")
        for sentence in each.sentences:
            yield plain(f"  {sentence}")
        if each.tables:
            yield table_of(each.tables[0], ROWS)
        for note in each.left_out:
            yield plain(f"  left out: {note}", "dim")
    if left_out:
        yield plain("\nWhat was left out", "bold")
        for note in left_out:
            yield plain(f"  {note}", "dim")


def versus(table: ResultTable) -> RenderableType:
    """Two runs by game and metric, 80 columns wide; the games stand on lines of their own."""
    grid = RichTable(
        title=plain(table.title), title_justify="left", title_style="dim", box=HORIZONTALS, padding=(0, 1, 0, 0)
    )
    grid.pad_edge = grid.show_edge = False
    names = ("a", "b", "difference", "low", "high", "p_holm", "verdict")
    for heading_ in ("game", "A", "B", "A − B", "low", "high", "p holm", "verdict"):
        left = heading_ in ("game", "verdict")
        grid.add_column(heading_, justify="left" if left else "right", overflow="fold", no_wrap=heading_ != "game")
    game = None
    for row in table.frame.iter_rows(named=True):
        if row["game"] != game:
            game = row["game"]
            grid.add_row(plain(game, "bold"))
        style = "bold" if row["verdict"] in ("higher", "lower") else ""
        grid.add_row(plain(f"  {row['metric']}"), *(plain(shown(row[name], name), style) for name in names))
    return grid


def table_of(table: ResultTable, most: int | None = None) -> RenderableType:
    """A table, its first rows."""
    frame = table.frame.select(table.brief) if table.brief else table.frame
    more = 0 if most is None else max(0, len(frame) - most)
    grid = RichTable(
        title=plain(table.title), title_justify="left", title_style="dim", box=HORIZONTALS, padding=(0, 1, 0, 0)
    )
    grid.pad_edge = grid.show_edge = False
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        number = dtype.is_numeric()
        short = number or max((len(shown(cell, name)) for cell in frame[name]), default=0) <= SHORT
        grid.add_column(heading(name), justify="right" if number else "left", overflow="fold", no_wrap=short)
    for row in frame.head(most).iter_rows() if most else frame.iter_rows():
        grid.add_row(*(plain(shown(cell, name)) for cell, name in zip(row, frame.columns, strict=True)))
    if more:
        grid.caption = Text(f"and {more} more rows in {table.name}.csv", "dim")
        grid.caption_justify = "left"
    return grid
