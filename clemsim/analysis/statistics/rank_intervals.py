"""Intervals of ranks, from the differences between a model and all others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from clemsim.analysis.statistics.differences import ALPHA
from clemsim.analysis.statistics.sample import Sample

RankedScore = Literal["clemscore", "worth"]


@dataclass(frozen=True, slots=True)
class RankInterval:
    """The ranks that a model may have, 1 the best, and its tier.

    `better`, `worse`: the numbers of models that are shown to be better, and worse, than this one. `tier`: 1 for the model
    with the highest score and all that are not shown to differ from it, 2 for the next one and those not shown to differ
    from that, and so on.
    """

    low: int
    high: int
    better: int
    worse: int
    tier: int


def rank_intervals(sample: Sample, score: RankedScore = "clemscore") -> dict[str, RankInterval]:
    """Return the rank intervals of all models in a score, highest first, each of 95 %: 1 + the number of models shown to be
    better, up to the number of all less those shown to be worse (Mogstad, Romano, Shaikh and Wilhelm 2024).

    What is shown is shown by the differences of a model to all n - 1 others together: each at the level 1 - 0.05 / (n - 1)
    (Bonferroni). A model that never played a game to its end is compared by worth.
    """
    value = {model: estimates.value(score) for model, estimates in sample.estimates.items()}
    models = sorted(sample.models, key=lambda model: -1.0 if (own := value[model]) is None else own, reverse=True)
    level = 1 - ALPHA / max(1, len(models) - 1)
    signs = {
        pair: sample.apart(*pair, score if score == "worth" else sample.common_score(*pair), level)
        for pair in combinations(models, 2)
    }
    better = dict.fromkeys(models, 0)
    worse = dict.fromkeys(models, 0)
    for (first, second), sign in signs.items():
        if sign:
            ahead, behind = (first, second) if sign > 0 else (second, first)
            better[behind] += 1
            worse[ahead] += 1
    tiers: dict[str, int] = {}
    leader, tier = "", 0
    for model in models:
        if not leader or signs[leader, model]:
            leader, tier = model, tier + 1
        tiers[model] = tier
    return {
        model: RankInterval(1 + better[model], len(models) - worse[model], better[model], worse[model], tiers[model])
        for model in models
    }
