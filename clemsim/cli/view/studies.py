"""The tables of a study: the runs that it will play, and the results of those that it has played."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.plans import amount, plan_remarks, points
from clemsim.cli.view.tables import ruled_table
from clemsim.results.run_summary import RunSummary
from clemsim.study.rows import OutcomeRow, PlannedStudy, StudyOutcome


def planned_view(study: PlannedStudy) -> RenderableType:
    """Return the players, setting, number of episodes, detectable difference and cost of each run, 80 columns wide."""
    table = _table()
    for name in ("episodes", "detect", "turns", "tokens in", "out"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in study.runs:
        least = "≤" if row.most else ""
        costs = amount(row.turns, least), amount(row.tokens_in), amount(row.tokens_out, least)
        table.add_row(plain(row.label), plain(row.setting), str(row.episodes), points(row.detectable), *costs)
    table.add_section()
    least = "≤" if any(row.most for row in study.runs) else ""
    costs = amount(study.turns, least), amount(study.tokens_in), amount(study.tokens_out, least)
    table.add_row(f"{len(study.runs)} runs", "", str(study.episodes), "", *costs, style="bold")
    return Group(table, *plan_remarks(study.variance_from, study.costs_from, study.notes))


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
    table = ruled_table(edges=False)
    table.add_column("who", overflow="fold", min_width=15)
    table.add_column("what", overflow="fold", min_width=10)
    return table


def _unfinished(row: OutcomeRow) -> Text:
    return Text("–" if row.unfinished is None else str(row.unfinished), "bold yellow" if row.why else "dim")


def _score(value: float | None) -> Text:
    return Text("–", "dim") if value is None else Text(f"{value:.2f}")


def models_table(summaries: Mapping[str, RunSummary]) -> RenderableType:
    """Return a table of the models of a study, the highest clemscore first: episodes, %Played, Quality and clemscore."""
    table = ruled_table(f"{len(summaries)} models")
    table.add_column("model", overflow="fold")
    for name in ("games", "episodes", "unfinished", "%Played", "Quality", "clemscore"):
        table.add_column(name, justify="right")
    for model, summary in sorted(summaries.items(), key=lambda item: -(item[1].clemscore or 0)):
        values = ["–" if value is None else f"{value:.2f}" for value in (summary.played, summary.quality, summary.clemscore)]
        counts = (len(summary.arenas), summary.episodes, summary.unfinished)
        table.add_row(plain(model), *map(str, counts), *values)
    return table
