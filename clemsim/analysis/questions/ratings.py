"""Bradley-Terry ratings of models that met each other, and the advantage of the first seat."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.statistics.rating import RatedGame, rate
from clemsim.analysis.wording import interval_text, number
from clemsim.errors import UsageError


def ratings(games: Sequence[RatedGame]) -> Analysis:
    """Rate the models of a table of games. Raises UsageError where there is nothing to rate."""
    try:
        rating = rate(games)
    except ValueError as error:
        raise UsageError(str(error)) from error
    rows = [(model.model, model.games, model.strength, model.error, *model.interval) for model in rating.models]
    rows.append(("(first seat)", len(games), rating.seat, rating.seat_error, *rating.seat_interval))
    frame = pl.DataFrame(rows, ["model", "games", "strength", "error", "low", "high"], orient="row")
    best, second = rating.models[0].model, rating.models[1].model
    gap, ends = rating.difference(best, second)
    low, high = rating.seat_interval
    seat = "is an advantage" if low > 0 else "is a drawback" if high < 0 else "can't be told from a fair one"
    chance = rating.expected_interval(best, second)
    sentences = [
        f"{best} is rated highest, {number(gap, 2)} above {second} on the logit scale ({interval_text(ends, 2)})"
        f"{'' if ends[0] > 0 else ', so not clearly above'}; in the first seat it is expected to beat it in "
        f"{rating.expected(best, second):.0%} of games (95 % interval {chance[0]:.0%} to {chance[1]:.0%}).",
        f"The first seat {seat}: {number(rating.seat, 2)} ({interval_text(rating.seat_interval, 2)}), on the logit scale.",
        f"Intervals are clustered by instance, with t of {rating.df} degrees of freedom; the best was picked by its rating.",
    ]
    left_out = ["somebody won or lost everything: a prior keeps the ratings finite"] if rating.penalised else []
    tables = [ResultTable("ratings", "Bradley-Terry, logit scale", frame)]
    return Analysis("Ratings of models that met", sentences, tables, left_out=left_out)
