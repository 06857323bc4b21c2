"""The results of analyses and comparisons of runs as terminal text and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from clemsim._util.text import plain, safe
from clemsim.analysis.fresh_comparison import FreshComparison
from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.run_comparison import RunComparison
from clemsim.analysis.writing.tables import cell_text, heading
from clemsim.cli.view.tables import ruled_table

ROWS = 20  # of a table; the files hold all rows
NARROW = 12  # characters of a column of texts; no narrower, as names are not readable then
WIDE = 2  # characters between columns where there is room
BREAKS = re.compile(r"(?<=[-_/,: ])|(?<=\.)(?=\D)")  # where a name may be broken


def report(analyses: Sequence[Analysis], left_out: Sequence[str], subset: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield the subset that was chosen, each analysis with its sentences and its main table, then the notes on what was left
    out.

    An analysis with little to say is one line.
    """
    yield from subset_lines(subset)
    for analysis in analyses:
        letter = f"{analysis.letter}  " if analysis.letter else ""
        if analysis.brief:
            head = plain(f"\n{letter}{analysis.short_title}", "bold")
            yield Text.assemble(head, ": ", plain(" ".join(analysis.sentences)))
            continue
        yield plain(f"\n{letter}{analysis.title}", "bold")
        for sentence in analysis.sentences:
            yield plain(f"  {sentence}")
        if analysis.tables:
            yield table_of(analysis.tables[0], ROWS)
        for note in analysis.left_out:
            yield plain(f"  left out: {note}", "dim")
    if left_out:
        yield plain("\nWhat was left out", "bold")
        for note in left_out:
            yield plain(f"  {note}", "dim")


def subset_lines(subset: Sequence[str]) -> Iterator[RenderableType]:
    """Yield a line for each part of the subset that a result is of."""
    for number, text in enumerate(subset):
        yield plain(f"{'        ' if number else 'subset: '}{text}", "yellow")


def run_comparison_table(comparison: RunComparison) -> RenderableType:
    """Return the table of two runs by game and metric, 80 columns wide; each game has a line of its own."""
    grid = ruled_table(comparison.title, title_style="dim", edges=False)
    for title in ("game", "A", "B", "A − B", "low", "high", "p holm", "verdict"):
        left = title in ("game", "verdict")
        grid.add_column(title, justify="left" if left else "right", overflow="fold", no_wrap=title != "game")
    game = None
    for row in comparison.rows:
        if row.game != game:
            game = row.game
            grid.add_row(plain(game, "bold"))
        style = "bold" if row.verdict in ("higher", "lower") else ""
        cells = [cell_text(value) for value in (row.a, row.b, row.difference, row.joint_low, row.joint_high)]
        texts = [*cells, cell_text(row.p_holm, "p_holm"), row.verdict]
        grid.add_row(plain(f"  {row.metric}"), *(plain(text, style) for text in texts))
    return grid


def joint_table(comparison: RunComparison) -> RenderableType:
    """Return the 2 x 2 tables of two runs, a line for each game."""
    grid = ruled_table("episodes of the same instance and repetition", title_style="dim", edges=False)
    grid.add_column("game", overflow="fold")
    for title in ("", "both", "only A", "only B", "neither"):
        grid.add_column(title, justify="right" if title else "left", no_wrap=True)
    game = None
    for row in comparison.joint:
        counts = (row.both, row.only_a, row.only_b, row.neither)
        grid.add_row(plain("" if row.game == game else row.game), row.event, *map(str, counts))
        game = row.game
    return grid


def fresh_tables(comparison: FreshComparison) -> Iterator[RenderableType]:
    """Yield the table of the agents on both suites, and that of pairs of agents where there are some."""
    grid = ruled_table(comparison.title, title_style="dim", edges=False)
    for title in ("agent, game", "public", "fresh", "difference", "low", "high", "p"):
        grid.add_column(title, justify="left" if title == "agent, game" else "right", overflow="fold")
    agent = None
    for row in comparison.rows:
        if row.agent != agent:
            agent = row.agent
            grid.add_row(plain(agent, "bold"))
        values = (row.public, row.fresh, row.difference, row.low, row.high)
        name = f"  {row.game} {row.score}"
        grid.add_row(plain(name), *map(cell_text, values), cell_text(row.p, "p"))
    yield grid
    if not comparison.pairs:
        return
    pairs = ruled_table("A - B on the public instances less A - B on the fresh ones", title_style="dim", edges=False)
    for title in ("A", "B", "worth", "low", "high", "p holm"):
        pairs.add_column(title, justify="left" if title in "AB" else "right", overflow="fold")
    for pair in comparison.pairs:
        cells = (*map(cell_text, (pair.difference, pair.low, pair.high)), cell_text(pair.p_holm, "p_holm"))
        pairs.add_row(plain(pair.a), plain(pair.b), *cells)
    yield pairs


def table_of(table: ResultTable, most: int | None = None) -> RenderableType:
    """Return a table with its first `most` rows, or all of them, laid out for the width of the terminal."""
    frame = table.frame.select(table.brief) if table.brief else table.frame
    shown = frame.head(most) if most else frame
    columns = [
        _Column(heading(name), dtype.is_numeric(), [safe(cell_text(cell, name)) for cell in shown[name]])
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True)
    ]
    return _FittedTable(table, columns, len(frame) - len(shown))


@dataclass(frozen=True)
class _Column:
    """A column of a table as safe text."""

    title: str
    is_number: bool
    cells: Sequence[str]

    @property
    def widest(self) -> int:
        """The width of the widest cell and of the longest word of the title, where titles break."""
        return max(len(text) for text in (*self.title.split(), *self.cells, ""))

    @property
    def least(self) -> int:
        """The width below which the column can't be read: that of numbers, and of short texts, is fixed."""
        return self.widest if self.is_number else min(self.widest, NARROW)


@dataclass(frozen=True)
class _FittedTable:
    """A table that fits the width it is given: titles break at spaces and names after hyphens; the columns for which no
    width is left, from the last on, are named below it.
    """

    table: ResultTable
    columns: Sequence[_Column]
    more: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept, widths = _fit(self.columns, options.max_width)
        grid = ruled_table(self.table.title, title_style="dim", edges=False)
        if _total(widths, WIDE) > options.max_width:
            grid.padding = 0
        for column, width in zip(kept, widths, strict=True):
            title = "\n".join(broken(column.title, width))
            grid.add_column(plain(title), justify="right" if column.is_number else "left", no_wrap=True, min_width=width)
        for cells in zip(*(column.cells for column in kept), strict=True):
            grid.add_row(*(plain("\n".join(broken(cell, width))) for cell, width in zip(cells, widths, strict=True)))
        if notes := self._notes(len(kept)):
            grid.caption, grid.caption_justify = Text("\n".join(notes), "dim"), "left"
        yield grid

    def _notes(self, kept: int) -> list[str]:
        hidden = [column.title for column in self.columns[kept:]]
        notes = [f"and {self.more} more rows in {self.table.name}.csv"] if self.more else []
        return notes + ([f"not shown at this width: {', '.join(hidden)}; see {self.table.name}.csv"] if hidden else [])


def _fit(columns: Sequence[_Column], width: int) -> tuple[list[_Column], list[int]]:
    """Return the columns that fit, and their widths: the widest texts are narrowed first."""
    kept = list(columns)
    while len(kept) > 1 and _total([column.least for column in kept]) > width:
        kept.pop()
    widths = [column.widest for column in kept]
    while _total(widths) > width:
        wide = [index for index, column in enumerate(kept) if widths[index] > column.least]
        if not wide:
            break
        widths[max(wide, key=lambda index: widths[index])] -= 1
    return kept, widths


def _total(widths: Sequence[int], gap: int = 1) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def broken(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` characters, after hyphens and the like where there are any."""
    lines = [""]
    for piece in BREAKS.split(text):
        if len(lines[-1]) + len(piece.rstrip()) <= width:
            lines[-1] += piece
            continue
        first, *rest = wrap(piece, width, drop_whitespace=False) or [""]
        lines += [first, *rest]
    return [line.strip() for line in lines if line.strip()] or [""]
