"""Why episodes ended as they did, as a table of the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.tables import ruled_table
from clemsim.results.episode_index.endings import Ending

FEW = 5  # endings below the results of a run
STYLES = {"success": "green", "failure": "", "aborted": "yellow"}


def abort_reasons(endings: Sequence[Ending], run: str) -> Iterator[RenderableType]:
    """Yield the most frequent reasons for which episodes of a run were aborted, 80 columns wide; nothing where none was."""
    aborted = [own for own in endings if own.outcome == "aborted"]
    if not aborted:
        return
    table = ruled_table("why episodes were aborted", title_style="bold", edges=False)
    several = _add_agent_column(table, endings, 18)
    table.add_column("game", overflow="fold", max_width=15)
    table.add_column("by seat", overflow="fold", max_width=12)
    table.add_column("reason", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for own in aborted[:FEW]:
        cells = plain(own.arena), plain(own.blame or "–"), plain(own.reason or "–"), str(own.count)
        table.add_row(*([plain(own.agent)] if several else []), *cells)
    yield table
    rest = aborted[FEW:]
    more = f"and {sum(own.count for own in rest)} for {len(rest)} other reasons" if rest else "how all others ended"
    yield plain(f"{more}: clemsim show {run} --endings", "dim")


def endings_table(endings: Sequence[Ending], offset: int, limit: int) -> RichTable:
    """Return how episodes ended: outcome, reason and blamed seat by agent and game, counted, the most frequent first."""
    shown = endings[offset : offset + limit]
    episodes = sum(own.count for own in endings)
    table = ruled_table(f"{len(shown)} of {len(endings)} endings; all of them: {episodes} episodes", edges=False)
    several = _add_agent_column(table, endings, 16)
    table.add_column("game", overflow="fold", max_width=13)
    table.add_column("outcome", no_wrap=True)
    table.add_column("by seat", overflow="fold", max_width=10)
    table.add_column("reason", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for own in shown:
        cells = plain(own.arena), ending_text(own.ending), plain(own.blame), plain(own.reason), str(own.count)
        table.add_row(*([plain(own.agent)] if several else []), *cells)
    return table


def _add_agent_column(table: RichTable, endings: Sequence[Ending], most: int) -> bool:
    """Add the column of agents, and return whether there is one: only where there are several."""
    several = len({own.agent for own in endings}) > 1
    if several:
        table.add_column("agent", overflow="fold", max_width=most)
    return several


def ending_text(ending: str) -> Text:
    """Return an outcome, or a status, in its colour."""
    return plain(ending, STYLES.get(ending, "dim"))
