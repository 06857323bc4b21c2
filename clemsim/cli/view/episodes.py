"""Lists of episodes that a filter lets through, as a table of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.endings import ending_text
from clemsim.cli.view.tables import ruled_table
from clemsim.cli.view.transcripts import scores_by_seat
from clemsim.results.episode_index.episode_facts import EpisodeFacts

NAMED_SEATS = 2  # of one score
LONGEST = 80  # characters of a reason
NUMBERS = ("requests", "retries", "tokens", "tokens_in", "tokens_out", "tokens_cached", "seconds", "rejected")


def episodes_table(rows: Sequence[EpisodeFacts], title: str, sort: str) -> RichTable:
    """Return the list, 80 columns wide; with the agents where there are several, and the number that it is sorted by."""
    table = ruled_table(title, edges=False)
    agents = len({row.cast for row in rows}) > 1
    extra = sort if sort in NUMBERS else ""
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("episode", overflow="fold", min_width=12)
    if agents:
        table.add_column("agent", overflow="fold", max_width=14)
    table.add_column("outcome", no_wrap=True)
    table.add_column("score", justify="right", overflow="fold", max_width=11)
    for name in ("turns", *([extra.replace("_", " ")] if extra else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for row in rows:
        names = [plain(row.label), *([plain(row.cast)] if agents else [])]
        numbers = [Text(str(row.turns)), *([_number(row, extra)] if extra else [])]
        table.add_row(str(row.id), *names, ending_text(row.ending), _score(row), *numbers, _why(row))
    return table


def _score(row: EpisodeFacts) -> Text:
    if row.by_seat:
        return plain(scores_by_seat(row.by_seat, NAMED_SEATS))
    return Text("" if row.score is None else f"{row.score:.1f}")


def _number(row: EpisodeFacts, name: str) -> Text:
    value = row.tokens_in + row.tokens_out if name == "tokens" else getattr(row, name)
    return Text("" if value is None else f"{value:.1f}" if name == "seconds" else str(value))


def _why(row: EpisodeFacts) -> Text:
    """Return the reason with the seat to blame, and what happened besides."""
    blamed = f"{row.blame}: " if row.blame and row.reason else row.blame
    text = plain(f"{blamed}{row.reason}", "", LONGEST)
    return text.append(f"{' ' if text else ''}[{', '.join(row.flags)}]", "dim") if row.flags else text
