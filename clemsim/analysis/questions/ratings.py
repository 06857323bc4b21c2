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
    best, second = rating.models[0], rating.models[1]
    sure = best.interval[0] > second.interval[1]
    low, high = rating.seat_interval
    seat = "is worth something" if low > 0 else "is a drawback" if high < 0 else "can't be told from a fair one"
    sentences = [
        f"{best.model} is rated highest ({number(best.strength, 2)}, {interval_text(best.interval, 2)})"
        f"{', above' if sure else ', not clearly above'} {second.model}; in the first seat it would beat it "
        f"{rating.expected(best.model, second.model):.0%} of the time.",
        f"The first seat {seat}: {number(rating.seat, 2)} ({interval_text(rating.seat_interval, 2)}), on the logit scale.",
    ]
    left_out = ["somebody won or lost everything: a prior keeps the ratings finite"] if rating.penalised else []
    tables = [ResultTable("ratings", "Bradley-Terry, logit scale", frame)]
    return Analysis("Ratings of models that met", sentences, tables, left_out=left_out)
