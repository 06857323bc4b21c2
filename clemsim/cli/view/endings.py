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
    for name, most in (("agent", 18), ("game", 15), ("by seat", 12)):
        table.add_column(name, overflow="fold", max_width=most)
    table.add_column("reason", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for own in aborted[:FEW]:
        table.add_row(plain(own.agent), plain(own.arena), plain(own.blame or "–"), plain(own.reason or "–"), str(own.count))
    yield table
    rest = aborted[FEW:]
    more = f"and {sum(own.count for own in rest)} for {len(rest)} other reasons" if rest else "how all others ended"
    yield plain(f"{more}: clemsim show {run} --endings", "dim")


def endings_table(endings: Sequence[Ending], offset: int, limit: int) -> RichTable:
    """Return how episodes ended: outcome, reason and blamed seat by agent and game, counted, the most frequent first."""
    shown = endings[offset : offset + limit]
    episodes = sum(own.count for own in endings)
    table = ruled_table(f"{len(shown)} of {len(endings)} endings; all of them: {episodes} episodes", edges=False)
    for name, most in (("agent", 16), ("game", 13)):
        table.add_column(name, overflow="fold", max_width=most)
    table.add_column("outcome", no_wrap=True)
    table.add_column("by seat", overflow="fold", max_width=10)
    table.add_column("reason", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for own in shown:
        cells = plain(own.agent), plain(own.arena), ending_text(own.ending), plain(own.blame), plain(own.reason)
        table.add_row(*cells, str(own.count))
    return table


def ending_text(ending: str) -> Text:
    """Return an outcome, or a status, in its colour."""
    return plain(ending, STYLES.get(ending, "dim"))
