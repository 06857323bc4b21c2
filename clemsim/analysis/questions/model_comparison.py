"""Differences between models: intervals, verdicts, equivalence, sensitivity, and what could have been seen.

What is compared with what is fixed before any score is looked at: the groups and their references follow from facts about
the models (`variant_groups`), and each kind of group is one family of tests. A pair in groups of several kinds is tested
once, with the first of `KINDS`. So a difference has the same verdict in every section of a report, and whichever of them are
asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl

from clemsim.analysis.kinds import MARGIN
from clemsim.analysis.questions.variant_groups import KINDS, VariantGroup, all_groups
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.differences import Sensitivity, Verdict, sensitivity_of, verdict
from clemsim.analysis.statistics.sample import Sample
from clemsim.analysis.wording import difference_sentence
from clemsim.results.differences import Difference
from clemsim.results.estimates import Score
from clemsim.results.holm import holm, holm_levels

BRIEF = ("model", "reference", "difference", "joint_low", "joint_high", "p_holm", "verdict", "fragile")  # of a terminal
METRICS: tuple[Literal["played", "quality"], ...] = ("played", "quality")
IN_GAME: tuple[Score, ...] = ("played", "quality", "worth")

Conclusion = Literal["better", "worse", "equivalent", "inconclusive", "no data"]


@dataclass(frozen=True)
class ModelComparison:
    """model - reference in points of `score`: of clemscore or, where one of them never played a game to its end, of worth.

    `difference`: with its own 95 % interval. `joint`: the same with the interval at the level of its test in Holm's
    procedure, which leaves 0 out exactly where the difference is decided. `adjusted`: its p value among the `tests` that it
    was compared with (Holm).
    """

    group: str
    model: str
    reference: str
    difference: Difference
    adjusted: float | None
    sensitivity: Sensitivity
    joint: Difference
    tests: int
    score: Score = "clemscore"

    @property
    def verdict(self) -> Verdict:
        """The verdict at the 5 % level."""
        return verdict(self.difference.value, self.adjusted)

    def conclusion(self, margin: float = MARGIN) -> Conclusion:
        """Return whether the model is better, worse, or equivalent to its reference within `margin` points."""
        return conclusion_of(self.difference, self.adjusted, margin)

    @property
    def sentence(self) -> str:
        """The difference in words."""
        return self.sentence_within(None)

    def sentence_within(self, margin: float | None) -> str:
        """Return the difference in words, with what it says of equivalence within `margin` points."""
        names = self.model, self.reference
        details: dict[str, Any] = {"tests": self.tests, "margin": margin, "score": self.score}
        return difference_sentence(*names, self.joint, self.adjusted, self.sensitivity, **details)


def conclusion_of(difference: Difference, adjusted: float | None, margin: float) -> Conclusion:
    """Return what a difference shows: equivalence, where the true one is smaller than `margin` points for sure; else the
    direction, where it is decided.
    """
    if difference.equivalent(margin):
        return "equivalent"
    match verdict(difference.value, adjusted):
        case "higher":
            return "better"
        case "lower":
            return "worse"
        case "undecided":
            return "inconclusive"
        case _:
            return "no data"


def compare_models(sample: Sample, pairs: Sequence[tuple[str, str, str]]) -> list[ModelComparison]:
    """Compare all pairs (group, model, reference) as one family of tests; a pair that occurs twice is one test."""
    once = {frozenset((model, reference)): (model, reference) for _, model, reference in reversed(pairs)}
    scores = {key: sample.common_score(*pair) for key, pair in once.items()}
    ps = [sample.difference(*pair, scores[key]).p for key, pair in once.items()]
    tested = dict(zip(once, zip(holm(ps), holm_levels(ps), strict=True), strict=True))
    count = sum(p is not None for p in ps)
    comparisons = []
    for group, model, reference in pairs:
        key = frozenset((model, reference))
        p, level = tested[key]
        difference, joint = (sample.difference(model, reference, scores[key], level=own) for own in (0.95, level))
        sensitivity = sensitivity_of(sample, model, reference)
        comparisons.append(
            ModelComparison(group, model, reference, difference, p, sensitivity, joint, max(1, count), scores[key])
        )
    return comparisons


def compare_groups(evidence: Evidence, groups: Sequence[VariantGroup]) -> list[ModelComparison]:
    """Return the comparisons of groups, each pair as tested once among all groups of the evidence."""
    declared = sorted(all_groups(evidence), key=lambda group: KINDS.index(group.kind))
    tested: dict[frozenset[str], ModelComparison] = {}
    for kind in KINDS:
        pairs = [pair for group in declared if group.kind == kind for pair in group.pairs()]
        fresh = [pair for pair in pairs if frozenset(pair[1:]) not in tested]
        tested |= {frozenset((own.model, own.reference)): own for own in compare_models(evidence.sample, fresh)}
    return [
        _turned(evidence.sample, replace(tested[frozenset((model, reference))], group=title), model, reference)
        for group in groups
        for title, model, reference in group.pairs()
    ]


def comparison_table(comparisons: Sequence[ModelComparison], margin: float = MARGIN) -> pl.DataFrame:
    """Return a row for each comparison; differences in points of clemscore, or of the score that is named."""
    return pl.DataFrame([_row(comparison, margin) for comparison in comparisons], infer_schema_length=None)


def table_by_game(sample: Sample, comparisons: Sequence[ModelComparison]) -> pl.DataFrame:
    """Return a row for each comparison and game, and one for all games: differences in points of %Played, Quality, worth
    and, over all games, clemscore.
    """
    rows: list[dict[str, Any]] = []
    for comparison in comparisons:
        model, reference = comparison.model, comparison.reference
        key = {"group": comparison.group, "model": model, "reference": reference}
        for game in sample.games:
            in_game: dict[str, Difference | None] = {
                metric: sample.difference(model, reference, metric, game) for metric in IN_GAME
            }
            rows.append({**key, "game": game, **_columns({**in_game, "clemscore": None})})
        overall: dict[str, Difference | None] = {metric: sample.difference(model, reference, metric) for metric in IN_GAME}
        overall["clemscore"] = sample.difference(model, reference)
        rows.append({**key, "game": "overall", **_columns(overall)})
    return pl.DataFrame(rows, infer_schema_length=None)


def table_of_parts(sample: Sample, comparisons: Iterable[ModelComparison], margin: float = MARGIN) -> pl.DataFrame:
    """Return a row for each comparison and each of %Played and Quality over all games: one family of tests, the second after
    that of clemscore.
    """
    cells = [(comparison, metric) for metric in METRICS for comparison in comparisons]
    ps = [sample.difference(own.model, own.reference, metric).p for own, metric in cells]
    rows = []
    for (own, metric), p, level in zip(cells, holm(ps), holm_levels(ps), strict=True):
        difference, joint = (sample.difference(own.model, own.reference, metric, level=of) for of in (0.95, level))
        key = {"model": own.model, "reference": own.reference, "score": metric}
        rows.append({**key, **_test(difference, joint, p, margin)})
    return pl.DataFrame(rows, infer_schema_length=None)


def _turned(sample: Sample, comparison: ModelComparison, model: str, reference: str) -> ModelComparison:
    """Return the comparison as model - reference, if it is the other way round."""
    if comparison.model == model:
        return comparison
    difference, joint = (_negative(own) for own in (comparison.difference, comparison.joint))
    sensitivity = sensitivity_of(sample, model, reference)
    return replace(comparison, model=model, reference=reference, difference=difference, joint=joint, sensitivity=sensitivity)


def _negative(difference: Difference) -> Difference:
    interval, within = (ends and (-ends[1], -ends[0]) for ends in (difference.interval, difference.within))
    value = None if difference.value is None else -difference.value
    return replace(difference, value=value, interval=interval, within=within)


def _row(comparison: ModelComparison, margin: float) -> dict[str, Any]:
    least, most = comparison.sensitivity.range or (None, None)
    rules = comparison.sensitivity.rules
    return {
        "group": comparison.group,
        "model": comparison.model,
        "reference": comparison.reference,
        "score": comparison.score,
        **_test(comparison.difference, comparison.joint, comparison.adjusted, margin),
        "tests": comparison.tests,
        "fragile": comparison.sensitivity.fragile,
        "turned_by": ", ".join(comparison.sensitivity.turned_by) or None,
        "without_one_game_low": least,
        "without_one_game_high": most,
        "never_played_as_0": rules["zero"],
        "common_games": rules["common games"],
        "common_quality": rules["common Quality"],
    }


def _test(difference: Difference, joint: Difference, adjusted: float | None, margin: float) -> dict[str, Any]:
    """Return the columns of a test: the difference with its own and its joint interval, p, verdict, and equivalence."""
    columns: dict[str, Any] = {"difference": difference.value}
    intervals = {"": difference.interval, "joint_": joint.interval, "within_": difference.within}
    for name, ends in intervals.items():
        columns[f"{name}low"], columns[f"{name}high"] = ends or (None, None)
    return columns | {
        "p": difference.p,
        "p_holm": adjusted,
        "verdict": verdict(difference.value, adjusted),
        "conclusion": conclusion_of(difference, adjusted, margin),
        "detectable": joint.detectable,
    }


def _columns(differences: Mapping[str, Difference | None]) -> dict[str, float | None]:
    columns: dict[str, float | None] = {}
    for metric, difference in differences.items():
        low, high = (difference.interval if difference else None) or (None, None)
        columns |= {metric: difference.value if difference else None, f"{metric}_low": low, f"{metric}_high": high}
    return columns
