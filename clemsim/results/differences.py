"""One interval and one p value for the difference between two models in a score.

The interval is built of the two models' own intervals (method of variance estimates recovery: Zou and Donner 2008; Newcombe
1998), narrowed by what both owe to the same instances: the correlation of their deviations, shrunk where few instances bear
it. So it never contradicts them, stays within the scale, and has a width where both models did the same.

Its p value is the level at which the interval just ends at 0. Where few instances bear the difference that level is only
approximate, so that no difference at all is judged by an exact test too: the labels of the two models are swapped, instance
by instance (`clemsim.results.label_swaps`). The larger p value holds, and the interval contains 0 unless both tests reject
it. So an interval leaves 0 out exactly where p is below 5 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from clemsim.results.clusters import Cluster
from clemsim.results.distributions import NORMAL
from clemsim.results.estimates import SCORES, ModelEstimates, Score
from clemsim.results.intervals import Interval
from clemsim.results.label_swaps import swap_ps
from clemsim.results.means import LEVEL, Mean
from clemsim.results.roots import Spot, root_between

EQUIVALENCE = 0.9  # level of the interval that two one-sided tests of 5 % end at (Schuirmann 1987)
SHRINK = 2.0  # instances without correlation that are added to those that were seen
POWER = 0.8  # of a detectable difference
FARTHEST = 7.5  # normal quantile of the smallest p value that is told apart from 0

Clusters = Mapping[str, Mapping[str, Cluster]]  # by game and instance


@dataclass(frozen=True, slots=True)
class PairedMeans:
    """A score of two models, and the correlation of their estimates."""

    first: Mean
    second: Mean
    correlation: float

    @property
    def value(self) -> float:
        """The difference, -1..1."""
        return self.first.value - self.second.value

    def ends(self, level: float = LEVEL) -> Interval:
        """Return the interval of this level."""
        below, above = self.first.ends(level), self.second.ends(level)
        down = self._distance(self.first.value - below[0], above[1] - self.second.value)
        up = self._distance(below[1] - self.first.value, self.second.value - above[0])
        return max(-1.0, self.value - down), min(1.0, self.value + up)

    def _distance(self, one: float, other: float) -> float:
        return sqrt(max(0.0, one * one + other * other - 2 * self.correlation * one * other))

    def p(self) -> float:
        """Return the level, as 1 - level, of the interval that just ends at 0."""
        return level_p(self.value, self.ends)


def level_p(value: float, ends: Callable[[float], Interval]) -> float:
    """Return the level, as 1 - level, of the interval that just ends at 0.

    `ends` gives the interval of a level around `value`.
    """

    def clearance_of(z: float) -> float:
        """Return how far the interval with this normal quantile stays off 0; negative where it contains 0."""
        first, last = ends(1 - _two_sided(z))
        return first if value > 0 else -last

    if value == 0:
        return 1.0
    last = clearance_of(FARTHEST)
    if last > 0:
        return _two_sided(FARTHEST)
    return _two_sided(root_between(clearance_of, Spot(0.0, abs(value)), Spot(FARTHEST, last)))


def _two_sided(z: float) -> float:
    return 2 * (1 - NORMAL.cdf(z)) if z < 5 else 2 * NORMAL.cdf(-z)


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference first - second in points, its interval (of 95 %, unless another level was asked for) and its p value;
    all None where one has no such score.

    Interval and p are None, too, where too few instances bear on a score. `detectable`: the smallest true difference that
    instances as many and as unlike as these show, at the level of the interval, in four studies of five. `within`: the
    interval of 90 %, which lies between -m and m where both one-sided tests reject a true difference of m or more.
    """

    value: float | None = None
    interval: Interval | None = None
    p: float | None = None
    detectable: float | None = None
    within: Interval | None = None

    def equivalent(self, margin: float) -> bool:
        """Return whether the true difference is shown to be smaller than `margin` points: two one-sided tests at the 5 %
        level (Schuirmann 1987), which is that the interval of 90 % lies inside the margin.
        """
        return self.within is not None and -margin < self.within[0] and self.within[1] < margin


class PairedModels:
    """Two models on the instances that both have finished. What scores and levels have in common is computed once."""

    def __init__(self, first: Clusters, second: Clusters) -> None:
        """Pair the clusters of two models; instances that only one of them has are left out."""
        self._clusters = shared_clusters(first, second)

    def difference(self, score: Score, level: float = LEVEL) -> Difference:
        """Return the difference first - second in a score, with an interval of this level."""
        return _difference(self._pair(score), self._exact[score], level)

    def _pair(self, score: Score) -> PairedMeans | None:
        if score not in self._pairs:
            self._pairs[score] = paired_means(*self._estimates, score)
        return self._pairs[score]

    @cached_property
    def _pairs(self) -> dict[Score, PairedMeans | None]:
        return {}

    @cached_property
    def _estimates(self) -> tuple[ModelEstimates, ModelEstimates]:
        first, second = self._clusters
        return ModelEstimates.of(first), ModelEstimates.of(second)

    @cached_property
    def _exact(self) -> Mapping[Score, float | None]:
        """The p values of the exact test."""
        return swap_ps(*self._clusters) if self._clusters[0] else dict.fromkeys(SCORES)


def difference(first: Clusters, second: Clusters, score: Score, level: float = LEVEL) -> Difference:
    """Return the difference between two models, each with its clusters, on the instances that both have finished."""
    return PairedModels(first, second).difference(score, level)


def shared_clusters(first: Clusters, second: Clusters) -> tuple[Clusters, Clusters]:
    """Return the clusters of both on the instances that both have finished."""
    return _shared(first, second), _shared(second, first)


def _shared(clusters: Clusters, others: Clusters) -> Clusters:
    """Return the clusters of the instances that both have."""
    shared = {game: clusters[game].keys() & others[game].keys() for game in sorted(clusters.keys() & others.keys())}
    return {game: {name: clusters[game][name] for name in sorted(names)} for game, names in shared.items() if names}


def paired_difference(
    first: ModelEstimates, second: ModelEstimates, score: Score, exact: float | None = None, level: float = LEVEL
) -> Difference:
    """Return the difference between two models; `exact`: the p value of the exact test, where there is one."""
    return _difference(paired_means(first, second, score), exact, level)


def _difference(pair: PairedMeans | None, exact: float | None, level: float) -> Difference:
    if pair is None:
        return Difference()
    value = 100 * pair.value
    if pair.first.interval() is None or pair.second.interval() is None:
        return Difference(value)
    low, high = _points(pair, exact, level)
    detectable = seen_difference(low, high, level)
    return Difference(value, (low, high), max(pair.p(), exact or 0.0), detectable, _points(pair, exact, EQUIVALENCE))


def _points(pair: PairedMeans, exact: float | None, level: float) -> Interval:
    """Return the interval of a level in points; it contains 0 unless the exact test rejects it at that level, too."""
    low, high = pair.ends(level)
    if exact is not None and exact >= 1 - level:
        low, high = min(low, 0.0), max(high, 0.0)
    return 100 * low, 100 * high


def paired_means(first: ModelEstimates, second: ModelEstimates, score: Score) -> PairedMeans | None:
    """Return a score of two models side by side; None where one of them has none."""
    ours, theirs = first.mean(score), second.mean(score)
    if ours is None or theirs is None:
        return None
    return PairedMeans(ours, theirs, _correlation(first, second, score))


def seen_difference(low: float, high: float, level: float = LEVEL) -> float:
    """Return the smallest true difference that an interval as wide as this one leaves 0 out of with 80 % power."""
    quantile = NORMAL.inv_cdf(0.5 + level / 2)
    return (high - low) / 2 / quantile * (quantile + NORMAL.inv_cdf(POWER))


def _correlation(first: ModelEstimates, second: ModelEstimates, score: Score) -> float:
    """Return the correlation of two estimates: that of their deviations on shared instances, shrunk towards 0.

    A correlation that few instances bear is mostly chance. Those of a game weigh as much as the variance that comes from it,
    so that two instances of a small game are few even beside a hundred of a large one (Satterthwaite 1946).
    """
    ours, theirs = first.deviations(score), second.deviations(score)
    squares: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    together = 0.0
    for (game, instance), deviation in ours.items():
        other = theirs.get((game, instance))
        if other is not None:
            together += deviation * other
            squares[game] += deviation * deviation + other * other
            counts[game] += 1
    size = sqrt(sum(value * value for value in ours.values()) * sum(value * value for value in theirs.values()))
    uncertain = sum(squares[game] ** 2 / (count - 1) for game, count in counts.items() if count > 1)
    if size <= 0 or uncertain <= 0:
        return 0.0
    freedom = sum(squares.values()) ** 2 / uncertain
    return together / size * freedom / (freedom + SHRINK)
