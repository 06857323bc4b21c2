"""Intervals of ranks, from the paired differences between a model and all others.

A model's rank is one more than the number of models that are better, so what is shown of its differences to all others
together bounds its rank (Mohamad, Goeman and van Zwet 2019; Mogstad, Romano, Shaikh and Wilhelm 2024). That family has the
model's own n - 1 differences, not all n (n - 1) / 2: each model's interval has 95 % by itself, as the interval of its score
has. The differences of one family hang together, as each contains the model's own estimate and its uncertain variance. So
the level of a test is not Bonferroni's, but one that the least p value of the family falls below in one of twenty cases by
chance, with the variances, degrees of freedom and correlations that were seen (Dunnett 1955; Westfall and Young 1993); and
differences that are decided make room for the others (Holm 1979; Romano and Wolf 2005). Each test is that of every other
comparison: by interval and exact test (`clemsim.results.differences`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import ceil, exp, log
from typing import Any, Literal

import numpy as np
from scipy.special import stdtr

from clemsim.analysis.statistics.differences import ALPHA
from clemsim.analysis.statistics.sample import Sample
from clemsim.results.differences import PairedMeans
from clemsim.results.estimates import Score

RankedScore = Literal["clemscore", "worth"]
DRAWS = 4_000  # of the joint distribution of the estimates
SEED = 7
STEP = 0.05  # of the logarithm of a level
TINY = 1e-12
MOST = 1e6  # degrees of freedom: more are as good as known variances


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
    better, up to the number of all less those shown to be worse.

    A model that never played a game to its end is compared by worth.
    """
    value = {model: estimates.value(score) for model, estimates in sample.estimates.items()}
    models = sorted(sample.models, key=lambda model: -1.0 if (own := value[model]) is None else own, reverse=True)
    decided = _Decisions.of(sample, models, score).of_all()
    tiers: dict[str, int] = {}
    leader, tier = 0, 0
    for place, model in enumerate(models):
        if not tiers or decided[leader].get(place):
            leader, tier = place, tier + 1
        tiers[model] = tier
    intervals = {}
    for model, signs in zip(models, decided, strict=True):
        better, worse = list(signs.values()).count(-1), list(signs.values()).count(1)
        intervals[model] = RankInterval(1 + better, len(models) - worse, better, worse, tiers[model])
    return intervals


@dataclass
class _Pair:
    """The difference between two models, tested at whatever level is asked for; each answer is kept, as it takes a while."""

    means: PairedMeans
    exact: Callable[[], float | None]
    known: float | None = None  # the p value of the exact test
    above: float = 0.0  # the highest level at which the interval is known to contain 0
    below: float = 1.0  # the lowest one at which it is known to leave 0 out

    @property
    def sign(self) -> int:
        """1 where the first of the two is the better one, else -1."""
        return 1 if self.means.value > 0 else -1

    def decided(self, level: float) -> bool:
        """Return whether p is below a level (0.05 or less)."""
        if level <= self.above:
            return False
        if level < self.below:
            low, high = self.means.ends(1 - level)
            if low <= 0 <= high:
                self.above = level
                return False
            self.below = level
        if self.known is None:
            self.known = self.exact() or 0.0
        return self.known < level


@dataclass(frozen=True)
class _Decisions:
    """The pairs of models, by their places, and p values (draws x models x models) of them by chance."""

    pairs: Mapping[tuple[int, int], _Pair]
    chance: Any

    @classmethod
    def of(cls, sample: Sample, models: Sequence[str], score: RankedScore) -> _Decisions:
        """Return what is known of each pair of the models."""
        pairs = {}
        for one, other in combinations(range(len(models)), 2):
            names = models[one], models[other]
            of_pair: Score = score if score == "worth" else sample.common_score(*names)
            if means := sample.pair(*names, of_pair):
                pairs[one, other] = _Pair(means, partial(sample.exact_p, *names, of_pair))
        return cls(pairs, _by_chance(len(models), {key: pair.means for key, pair in pairs.items()}))

    def of_all(self) -> list[dict[int, int]]:
        """Return, for each model, the models that are shown to be worse (1) and better (-1) than it."""
        return [self._of_one(place) for place in range(self.chance.shape[1])]

    def _of_one(self, place: int) -> dict[int, int]:
        """Test the differences of a model to the others, the clearest first (step-down)."""
        rest = {sum(key) - place: pair for key, pair in self.pairs.items() if place in key}
        shown: dict[int, int] = {}
        while rest:
            least = self.chance[:, place, sorted(rest)].min(axis=1)
            level = _rounded(min(ALPHA, max(TINY, float(np.quantile(least, ALPHA)))))
            new = {other: pair for other, pair in rest.items() if pair.decided(level)}
            if not new:
                break
            shown |= {other: pair.sign if place < other else -pair.sign for other, pair in new.items()}
            rest = {other: pair for other, pair in rest.items() if other not in new}
        return shown


def _rounded(level: float) -> float:
    """Return a level, rounded down by 5 % at most: at equal levels the ends of one model's interval are computed once."""
    return ALPHA * exp(-ceil(log(ALPHA / level) / STEP - 1e-9) * STEP)


def _by_chance(count: int, pairs: Mapping[tuple[int, int], PairedMeans]) -> Any:
    """Return p values (draws x models x models) of the differences between models that are equal: normal estimates and
    scaled chi-square variances with the variances, degrees of freedom and correlations of the pairs.
    """
    variances, freedom, correlations = np.full(count, TINY), np.full(count, MOST), np.eye(count)
    for (one, other), pair in pairs.items():
        for place, mean in ((one, pair.first), (other, pair.second)):
            variances[place], freedom[place] = max(TINY, mean.variance), min(MOST, mean.df)
        correlations[one, other] = correlations[other, one] = pair.correlation
    values, vectors = np.linalg.eigh(correlations)  # those of pairs need not fit each other: negative ones are left out
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    root /= np.sqrt(np.maximum(TINY, (root**2).sum(axis=1)))[:, None]
    correlations = root @ root.T
    rng = np.random.default_rng(SEED)
    estimates = rng.standard_normal((DRAWS, count)) @ root.T * np.sqrt(variances)
    deviations = np.sqrt(variances * rng.chisquare(freedom, (DRAWS, count)) / freedom)
    both = variances[:, None] + variances[None, :]
    together = both**2 / (variances**2 / freedom + (variances**2 / freedom)[:, None])  # Satterthwaite (1946)
    chance = np.empty((DRAWS, count, count), dtype=np.float32)
    for place in range(count):
        own = deviations[:, [place]]
        squares = own**2 + deviations**2 - 2 * correlations[place] * own * deviations
        gaps = np.abs(estimates[:, [place]] - estimates) / np.sqrt(np.maximum(TINY, squares))
        chance[:, place] = 2 * stdtr(together[place], -gaps)
    return chance
