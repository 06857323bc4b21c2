"""The minimal detectable difference: how large a true difference has to be for these instances to show it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice
from math import ceil
from statistics import median

from clemsim.results.differences import (
    EQUIVALENCE,
    POWER,
    Clusters,
    Difference,
    PairedMeans,
    paired_means,
    seen_difference,
    shared_clusters,
)
from clemsim.results.distributions import NORMAL
from clemsim.results.estimates import ModelEstimates, Score

MOST = 300  # pairs of agents that are looked at


def detectable_difference(agents: Sequence[Clusters], score: Score) -> float | None:
    """Return the true difference in a score, in points, that 95 % intervals leave 0 out of with 80 % power (Cohen 1988;
    Miller 2024), on instances as many and as unlike as these.

    Of several agents it is that of the median pair, on the instances of both. Of one agent it is that of two agents like it
    whose results on an instance are independent of each other; agents that find the same instances hard are told apart more
    easily. None where too few instances bear on the score.
    """
    if len(agents) == 1:
        return independent(ModelEstimates.of(agents[0]), score)
    pairs = islice(combinations(agents, 2), MOST)
    known = [value for first, second in pairs if (value := _of_pair(first, second, score)) is not None]
    return median(known) if known else None


def independent(estimates: ModelEstimates, score: Score) -> float | None:
    """Return the minimal detectable difference between two agents with these estimates, independent of each other."""
    mean = estimates.mean(score)
    return None if mean is None else _of_means(PairedMeans(mean, mean, 0.0))


def instances_more(difference: Difference, instances: int, margin: float) -> tuple[int, bool] | None:
    """Return how many more instances like these would decide an undecided difference four times in five, if it is as large
    as it seems, and whether they would show a difference (else, equivalence within `margin` points). None where no number of
    them would, or nothing is known of it.

    Intervals narrow with the square root of the number of instances. For a difference that is the one of two-sided tests
    (`seen_difference`), for equivalence that of two one-sided ones (Schuirmann 1987), whose ends lie `margin` - |value| off.
    """
    value, within = difference.value, difference.within
    if value is None or within is None or difference.detectable is None:
        return None
    deviation = (within[1] - within[0]) / 2 / NORMAL.inv_cdf(0.5 + EQUIVALENCE / 2)
    alike = deviation * (NORMAL.inv_cdf(0.5 + EQUIVALENCE / 2) + NORMAL.inv_cdf(POWER))
    ways = [
        (reach / distance, shows)
        for reach, distance, shows in ((difference.detectable, abs(value), True), (alike, margin - abs(value), False))
        if distance > 0
    ]
    if not ways:
        return None
    factor, shows = min(ways)
    return max(1, ceil(instances * (factor**2 - 1))), shows


def _of_pair(first: Clusters, second: Clusters, score: Score) -> float | None:
    ours, theirs = shared_clusters(first, second)
    pair = paired_means(ModelEstimates.of(ours), ModelEstimates.of(theirs), score)
    return None if pair is None else _of_means(pair)


def _of_means(pair: PairedMeans) -> float | None:
    if pair.first.interval() is None or pair.second.interval() is None:
        return None
    low, high = pair.ends()
    return 100 * seen_difference(low, high)
