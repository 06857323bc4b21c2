"""Tests and intervals for pairs: the same episode played twice, under two conditions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from math import comb

from clemsim.results.intervals import Z

DRAWS = 20_000  # of a randomisation test; no p below 1 / DRAWS can come out
RESAMPLES = 2_000


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided p that a yes or no changes as easily one way as the other, from the pairs in which it changed (exact
    binomial; McNemar 1947).
    """
    count = gained + lost
    if not count:
        return 1.0
    tail = sum(comb(count, each) for each in range(min(gained, lost) + 1)) / 2**count
    return float(min(1.0, 2 * tail))


def sign_flip(differences: Sequence[float], seed: int = 0) -> float:
    """Two-sided p that differences are as often up as down by as much (randomisation of their signs; Fisher 1935)."""
    some = [each for each in differences if each]
    if not some:
        return 1.0
    seen, dice, beyond = abs(sum(some)), random.Random(seed), 0
    total = sum(some)
    for _ in range(DRAWS):
        bits = dice.getrandbits(len(some))
        flipped = total - 2 * sum(each for index, each in enumerate(some) if bits >> index & 1)
        beyond += abs(flipped) >= seen - 1e-9
    return (beyond + 1) / (DRAWS + 1)


def mean_interval(differences: Sequence[float], reach: float, seed: int = 0) -> tuple[float, float]:
    """A 95 % interval for the mean difference: pairs are drawn anew (bootstrap; Efron 1979). Where all are equal it is
    Wilson's (1927) for how many could have been otherwise, by as much as `reach`.
    """
    count = len(differences)
    mean = sum(differences) / count
    if max(differences) - min(differences) < 1e-12:
        share = Z * Z / (count + Z * Z)
        return mean - share * reach, mean + share * reach
    dice = random.Random(seed)
    return resampled_interval(sum(dice.choices(differences, k=count)) / count for _ in range(RESAMPLES))


def resampled_interval(statistics: Iterable[float]) -> tuple[float, float]:
    """Return the 95 % interval of a statistic from its resampled values (percentile bootstrap; Efron 1979): of n values in
    order, those with index 0.025 n and 0.975 n - 1, without interpolation. There are at least 40 values.
    """
    values = sorted(statistics)
    return values[int(0.025 * len(values))], values[int(0.975 * len(values)) - 1]


def wilson(successes: int, count: int) -> tuple[float, float]:
    """A 95 % interval for a share (Wilson 1927)."""
    share = successes / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * (share * (1 - share) / count + Z * Z / (4 * count * count)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def significant(values: Mapping[str, float], level: float) -> set[str]:
    """Those of several tests that are significant together, at this level for all of them."""
    return {name for name, p in zip(values, holm(list(values.values())), strict=True) if p is not None and p <= level}


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """p values adjusted so that the chance of any false verdict among them stays below the level (Holm 1979). None
    stays None.
    """
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    adjusted: list[float | None] = [None] * len(ps)
    highest = 0.0
    for rank, (p, index) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        adjusted[index] = highest
    return adjusted
