"""Differences between models: intervals, verdicts, sensitivity, and the smallest difference that could have been seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from clemsim.analysis.statistics.differences import Sensitivity, Verdict, sensitivity_of, verdict
from clemsim.analysis.statistics.sample import Sample
from clemsim.analysis.wording import difference_sentence
from clemsim.results.differences import Difference
from clemsim.results.paired_tests import holm

BRIEF = ("model", "reference", "difference", "low", "high", "p_holm", "verdict", "fragile")  # columns of a terminal
METRICS: tuple[Literal["played", "quality"], ...] = ("played", "quality")


@dataclass(frozen=True)
class ModelComparison:
    """model - reference in points of clemscore.

    `adjusted`: its p value among all that were compared with it (Holm).
    """

    group: str
    model: str
    reference: str
    difference: Difference
    adjusted: float | None
    sensitivity: Sensitivity

    @property
    def verdict(self) -> Verdict:
        """The verdict at the 5 % level."""
        return verdict(self.difference.value, self.adjusted)

    @property
    def sentence(self) -> str:
        """The difference in words."""
        return difference_sentence(self.model, self.reference, self.difference, self.adjusted, self.sensitivity)


def compare_models(sample: Sample, pairs: Sequence[tuple[str, str, str]]) -> list[ModelComparison]:
    """Compare all pairs (group, model, reference) as one family of tests."""
    differences = [sample.difference(model, reference) for _, model, reference in pairs]
    adjusted = holm([difference.p for difference in differences])
    return [
        ModelComparison(group, model, reference, difference, p, sensitivity_of(sample, model, reference))
        for (group, model, reference), difference, p in zip(pairs, differences, adjusted, strict=True)
    ]


def comparison_table(comparisons: Sequence[ModelComparison]) -> pl.DataFrame:
    """Return a row for each comparison; differences in points of clemscore."""
    return pl.DataFrame([_row(comparison) for comparison in comparisons], infer_schema_length=None)


def table_by_game(sample: Sample, comparisons: Sequence[ModelComparison]) -> pl.DataFrame:
    """Return a row for each comparison and game, and one for all games: differences in points of %Played, Quality and, over
    all games, clemscore.
    """
    rows: list[dict[str, Any]] = []
    for comparison in comparisons:
        model, reference = comparison.model, comparison.reference
        key = {"group": comparison.group, "model": model, "reference": reference}
        for game in sample.games:
            in_game: dict[str, Difference | None] = {
                metric: sample.difference(model, reference, metric, game) for metric in METRICS
            }
            rows.append({**key, "game": game, **_columns({**in_game, "clemscore": None})})
        overall: dict[str, Difference | None] = {metric: sample.difference(model, reference, metric) for metric in METRICS}
        rows.append({**key, "game": "overall", **_columns({**overall, "clemscore": comparison.difference})})
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(comparison: ModelComparison) -> dict[str, Any]:
    low, high = comparison.difference.interval or (None, None)
    least, most = comparison.sensitivity.range or (None, None)
    rules = comparison.sensitivity.rules
    return {
        "group": comparison.group,
        "model": comparison.model,
        "reference": comparison.reference,
        "difference": comparison.difference.value,
        "low": low,
        "high": high,
        "p": comparison.difference.p,
        "p_holm": comparison.adjusted,
        "verdict": comparison.verdict,
        "fragile": comparison.sensitivity.fragile,
        "turned_by": ", ".join(comparison.sensitivity.turned_by) or None,
        "without_one_game_low": least,
        "without_one_game_high": most,
        "never_played_as_0": rules["zero"],
        "common_games": rules["common games"],
        "common_quality": rules["common Quality"],
        "detectable": comparison.difference.detectable,
    }


def _columns(differences: Mapping[str, Difference | None]) -> dict[str, float | None]:
    columns: dict[str, float | None] = {}
    for metric, difference in differences.items():
        low, high = (difference.interval if difference else None) or (None, None)
        columns |= {metric: difference.value if difference else None, f"{metric}_low": low, f"{metric}_high": high}
    return columns
