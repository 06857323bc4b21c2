"""The tables of a study: the runs that it will play, and the results of those that it has played."""

from __future__ import annotations

from rich.box import HORIZONTALS
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.study.rows import OutcomeRow, PlannedStudy, StudyOutcome


def planned_table(study: PlannedStudy) -> RichTable:
    """Return the players, setting and number of episodes of each run."""
    table = _table()
    table.add_column("episodes", justify="right", no_wrap=True)
    for row in study.runs:
        table.add_row(plain(row.label), plain(row.setting), str(row.episodes))
    table.add_section()
    table.add_row(f"{len(study.runs)} runs", "", str(study.episodes), style="bold")
    return table


def outcome_table(outcome: StudyOutcome) -> RichTable:
    """Return the averages of each run, 80 columns wide."""
    table = _table()
    for name in ("unfin", "%Played", "Quality", "clemscore"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in outcome.runs:
        scores = (_score(value) for value in (row.played, row.quality, row.clemscore))
        table.add_row(plain(row.label), plain(row.setting), _unfinished(row), *scores)
    return table


def _table() -> RichTable:
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    table.add_column("who", overflow="fold", min_width=15)
    table.add_column("what", overflow="fold", min_width=10)
    return table


def _unfinished(row: OutcomeRow) -> Text:
    return Text("–" if row.unfinished is None else str(row.unfinished), "bold yellow" if row.why else "dim")


def _score(value: float | None) -> Text:
    return Text("–", "dim") if value is None else Text(f"{value:.2f}")
