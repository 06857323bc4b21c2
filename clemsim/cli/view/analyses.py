"""The results of analyses and comparisons of runs as terminal text and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from clemsim._util.text import plain
from clemsim.analysis.fresh_comparison import FreshComparison
from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.run_comparison import RunComparison
from clemsim.analysis.writing.tables import cell_text, heading
from clemsim.cli.view.tables import ruled_table

ROWS = 20  # of a table; the files hold all rows
SHORT = 9  # characters; columns of shorter cells are not folded


def report(analyses: Sequence[Analysis], left_out: Sequence[str]) -> Iterator[RenderableType]:
    """Yield each analysis with its sentences and its main table, then the notes on what was left out."""
    for analysis in analyses:
        letter = f"{analysis.letter}  " if analysis.letter else ""
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
        cells = [cell_text(value) for value in (row.a, row.b, row.difference, row.low, row.high)]
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
    """Return a table with its first `most` rows, or all of them."""
    frame = table.frame.select(table.brief) if table.brief else table.frame
    more = 0 if most is None else max(0, len(frame) - most)
    grid = ruled_table(table.title, title_style="dim", edges=False)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        number = dtype.is_numeric()
        short = number or max((len(cell_text(cell, name)) for cell in frame[name]), default=0) <= SHORT
        grid.add_column(heading(name), justify="right" if number else "left", overflow="fold", no_wrap=short)
    for row in frame.head(most).iter_rows() if most else frame.iter_rows():
        grid.add_row(*(plain(cell_text(cell, name)) for cell, name in zip(row, frame.columns, strict=True)))
    if more:
        grid.caption = Text(f"and {more} more rows in {table.name}.csv", "dim")
        grid.caption_justify = "left"
    return grid
