"""Scores and differences without each game in turn: every value, not only the extremes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from clemsim.analysis.questions.model_comparison import ModelComparison
from clemsim.analysis.results import ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers, averages, mean, points

SCORES = {
    **dict.fromkeys(("model", "without"), pl.String),
    **dict.fromkeys(("played", "quality", "clemscore", "worth"), pl.Float64),
    "rank": pl.Int64,
}
DIFFERENCES = {
    **dict.fromkeys(("group", "model", "reference", "kind", "without"), pl.String),
    **dict.fromkeys(("difference", "change"), pl.Float64),
    "turns": pl.Boolean,
}


def scores_without_games(evidence: Evidence) -> pl.DataFrame:
    """Return the scores over all other games, and the rank by clemscore, of each model without each game."""
    sample = evidence.sample
    rows: list[tuple[str | float | None, ...]] = []
    for index, game in enumerate(sample.games) if len(sample.games) > 1 else ():
        played, quality = (np.delete(scores, index, axis=1) for scores in (sample.played, sample.quality))
        own = averages(played, quality)
        ranks = _ranks(own.clemscore)
        columns = (own.played, own.quality, own.clemscore, mean(np.where(np.isnan(played), np.nan, points(played, quality))))
        for place, model in enumerate(sample.models):
            rows.append((model, game, *(_known(column[place]) for column in columns), ranks[place]))
    return pl.DataFrame(rows, SCORES, orient="row")


def differences_without(name: str, comparisons: Iterable[ModelComparison]) -> ResultTable:
    """Return the table `<name>_without_one` of the difference in clemscore of each comparison without each game, and by each
    other rule of averaging. `change`: from the difference as it is; `turns`: the sign is the other one.
    """
    rows = []
    for own in comparisons:
        reference = own.sensitivity.rules["paper"]
        cells = [("game", game, value) for game, value in own.sensitivity.without.items()]
        cells += [("rule", rule, value) for rule, value in own.sensitivity.rules.items()]
        for kind, what, value in cells:
            change = None if value is None or reference is None else value - reference
            turns = what in own.sensitivity.turned_by
            rows.append((own.group, own.model, own.reference, kind, what, value, change, turns))
    title = "Differences in clemscore without each game, and by other rules of averaging, points"
    return ResultTable(f"{name}_without_one", title, pl.DataFrame(rows, DIFFERENCES, orient="row"))


def _ranks(scores: Numbers) -> list[int | None]:
    return [None if np.isnan(own) else int((scores > own).sum()) + 1 for own in scores]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
