"""Differences between models as rows: intervals, verdicts, what they hang on, and what would decide them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from clemsim.analysis.statistics.bootstrap import Sample
from clemsim.analysis.statistics.differences import Difference, Sensitivity, Verdict, in_game, overall, sensitivity, verdict
from clemsim.analysis.statistics.power import more_episodes
from clemsim.results.paired_tests import holm

BRIEF = ("model", "reference", "difference", "low", "high", "p_holm", "verdict", "fragile")  # what a terminal shows
METRICS: tuple[Literal["played", "quality"], ...] = ("played", "quality")


@dataclass(frozen=True)
class Comparison:
    """model - reference in clemscore; `adjusted`: its p among all that were compared with it (Holm)."""

    group: str
    model: str
    reference: str
    difference: Difference
    adjusted: float | None
    hangs: Sensitivity
    more: int | None

    @property
    def verdict(self) -> Verdict:
        """What it says at the 5 % level."""
        return verdict(self.difference.value, self.adjusted)


def compare(sample: Sample, pairs: Sequence[tuple[str, str, str]]) -> list[Comparison]:
    """All pairs (group, model, reference) as one family of tests."""
    found = [overall(sample, model, reference) for _, model, reference in pairs]
    adjusted = holm([each.p for each in found])
    rows = []
    for (group, model, reference), difference, p in zip(pairs, found, adjusted, strict=True):
        hangs = sensitivity(sample, model, reference)
        rows.append(Comparison(group, model, reference, difference, p, hangs, _more(sample, difference)))
    return rows


def table(comparisons: Sequence[Comparison]) -> pl.DataFrame:
    """One row a comparison; all differences in points of clemscore, `more` in episodes of each of the two."""
    rows = [_row(each) for each in comparisons]
    return pl.DataFrame(rows, infer_schema_length=None)


def by_game(sample: Sample, comparisons: Sequence[Comparison]) -> pl.DataFrame:
    """One row a comparison and game, and one for all games: differences in %Played, Quality and (overall) clemscore."""
    rows: list[dict[str, Any]] = []
    for each in comparisons:
        who = {"group": each.group, "model": each.model, "reference": each.reference}
        for game in sample.games:
            found: dict[str, Difference | None] = {
                metric: in_game(sample, each.model, each.reference, game, metric) for metric in METRICS
            }
            rows.append({**who, "game": game, **_columns({**found, "clemscore": None})})
        total: dict[str, Difference | None] = {
            metric: overall(sample, each.model, each.reference, metric) for metric in METRICS
        }
        rows.append({**who, "game": "overall", **_columns({**total, "clemscore": each.difference})})
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(each: Comparison) -> dict[str, Any]:
    low, high = each.difference.interval or (None, None)
    least, most = each.hangs.range or (None, None)
    return {
        "group": each.group,
        "model": each.model,
        "reference": each.reference,
        "difference": each.difference.value,
        "low": low,
        "high": high,
        "p": each.difference.p,
        "p_holm": each.adjusted,
        "verdict": each.verdict,
        "fragile": each.hangs.fragile,
        "turned_by": ", ".join(each.hangs.turned_by) or None,
        "without_one_game_low": least,
        "without_one_game_high": most,
        "never_played_as_0": each.hangs.rules["zero"],
        "common_games": each.hangs.rules["common games"],
        "common_quality": each.hangs.rules["common Quality"],
        "more_episodes": each.more,
    }


def _columns(found: Mapping[str, Difference | None]) -> dict[str, float | None]:
    columns: dict[str, float | None] = {}
    for metric, each in found.items():
        low, high = (each.interval if each else None) or (None, None)
        columns |= {metric: each.value if each else None, f"{metric}_low": low, f"{metric}_high": high}
    return columns


def _more(sample: Sample, difference: Difference) -> int | None:
    if difference.value is None or not difference.error:
        return None
    return more_episodes(difference.value, difference.error, sum(sample.instances))
