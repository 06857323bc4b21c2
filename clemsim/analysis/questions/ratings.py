"""Models that met each other: Bradley-Terry ratings and the worth of a seat."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.statistics.rating import RatedGame, rate
from clemsim.analysis.wording import number, span
from clemsim.errors import UsageError


def ratings(games: Sequence[RatedGame]) -> Analysis:
    """A table of games as ratings. Raises UsageError where there is nothing to rate."""
    try:
        found = rate(games)
    except ValueError as error:
        raise UsageError(str(error)) from error
    rows = [(each.model, each.games, each.strength, each.error, *each.interval) for each in found.models]
    rows.append(("(first seat)", len(games), found.seat, found.seat_error, *found.seat_interval))
    frame = pl.DataFrame(rows, ["model", "games", "strength", "error", "low", "high"], orient="row")
    best, second = found.models[0], found.models[1]
    sure = best.interval[0] > second.interval[1]
    low, high = found.seat_interval
    seat = "is worth something" if low > 0 else "is a drawback" if high < 0 else "can't be told from a fair one"
    sentences = [
        f"{best.model} is rated highest ({number(best.strength, 2)}, {span(best.interval, 2)})"
        f"{', above' if sure else ', not clearly above'} {second.model}; in the first seat it would beat it "
        f"{found.expected(best.model, second.model):.0%} of the time.",
        f"The first seat {seat}: {number(found.seat, 2)} ({span(found.seat_interval, 2)}), on the logit scale.",
    ]
    left = ["somebody won or lost everything: a prior keeps the ratings finite"] if found.penalised else []
    return Analysis(
        "ratings",
        "Ratings of models that met",
        sentences,
        [ResultTable("ratings", "Bradley-Terry, logit scale", frame)],
        (),
        left,
    )
