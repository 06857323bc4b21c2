"""The tables of a study: the runs that it will play, and the results of those that it has played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.plans import amount, plan_remarks, points, price_text
from clemsim.cli.view.results import score_text
from clemsim.cli.view.tables import ruled_table
from clemsim.study.rows import OutcomeRow, PlannedStudy, StudyOutcome
from clemsim.study.standings import Standing


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
    price = [] if study.price is None else [Text(price_text(study.price), "bold")]
    return Group(table, *price, *plan_remarks(study.variance_from, study.costs_from, study.notes))


def outcome_view(outcome: StudyOutcome) -> RenderableType:
    """Return the leaderboard of a study, 80 columns wide: each run with its scores, their 95 % intervals and its ranks, the
    best of a setting first; below it what the columns are, and what difference the runs could show.
    """
    table = ruled_table(edges=False)
    table.add_column("who, what", overflow="fold", min_width=15)
    for name in ("unf", "%Played", "Quality", "clemscore", "worth", "ranks"):
        table.add_column(name, justify="right", no_wrap=True)
    order = list(dict.fromkeys(row.setting for row in outcome.runs))
    for row in sorted(outcome.runs, key=lambda row: (order.index(row.setting), -1.0 if row.worth is None else -row.worth)):
        values = {"played": row.played, "quality": row.quality, "clemscore": row.clemscore, "worth": row.worth}
        scores = (score_text(value, row.intervals.get(name)) for name, value in values.items())
        table.add_row(
            Text.assemble(plain(row.label), "\n", plain(row.setting, "dim")), _unfinished(row), *scores, _ranks(row)
        )
    costs = [] if outcome.cost is None else [_cost_table(outcome)]
    return Group(table, *(Text(text, "dim") for text in _remarks(outcome)), *costs)


def _cost_table(outcome: StudyOutcome) -> RenderableType:
    """Return what each run cost, of an episode, of a point of worth and by game, and all of them together."""
    table = ruled_table("costs", edges=False)
    table.add_column("who, what", overflow="fold", min_width=15)
    for name in ("cost", "an episode", "a point"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("by game", overflow="fold")
    for row in outcome.runs:
        if cost := row.cost:
            numbers = (cost.total, cost.episode, cost.point)
            games = ", ".join(f"{game} {value:.4g}" for game, value in cost.games.items())
            texts = ["–" if value is None else f"{value:.4g}" for value in numbers]
            table.add_row(Text.assemble(plain(row.label), "\n", plain(row.setting, "dim")), *texts, plain(games))
    table.add_section()
    table.add_row("all runs", f"{outcome.cost:.4g}", style="bold")
    return table


def _ranks(row: OutcomeRow) -> Text:
    """Return the ranks that a run may have, and below them its tier."""
    if row.rank_low is None:
        return Text("–", "dim")
    text = f"{row.rank_low}" if row.rank_low == row.rank_high else f"{row.rank_low}–{row.rank_high}"
    return Text(text).append(f"\ntier {row.tier}", "dim")


def _remarks(outcome: StudyOutcome) -> Iterator[str]:
    yield "below each score its 95 % interval; worth: the mean main score of all"
    yield "episodes, an aborted one as 0, over games"
    if any(row.tier for row in outcome.runs):
        yield "ranks: 95 % intervals of the rank in worth, within a suite, seed and decoding;"
        yield "tier 1: the best, and those that are not shown to differ from it"
    seen = {row.setting: row.detectable for row in outcome.runs if row.detectable is not None}
    for setting, value in seen.items():
        yield f"{setting}: a true difference of {value:.1f} points in worth between two runs"
        yield "is seen 4 times in 5"


def _table() -> RichTable:
    table = ruled_table(edges=False)
    table.add_column("who", overflow="fold", min_width=15)
    table.add_column("what", overflow="fold", min_width=10)
    return table


def _unfinished(row: OutcomeRow) -> Text:
    return Text("–" if row.unfinished is None else str(row.unfinished), "bold yellow" if row.why else "dim")


def standings_table(rows: Sequence[Standing], title: str) -> RenderableType:
    """Return the models of a study in the order of the rows, 80 columns wide."""
    table = ruled_table(title)
    table.add_column("model", overflow="fold", min_width=15)
    for name in ("games", "n", "unfin", "%Played", "Quality", "clemscore", "worth"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        values = ["–" if value is None else f"{value:.2f}" for value in (row.played, row.quality, row.clemscore, row.worth)]
        table.add_row(plain(row.model), str(row.games), str(row.episodes), str(row.unfinished), *values)
    return table
