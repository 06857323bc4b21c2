"""Tests and intervals for pairs: the same episode played twice, under two conditions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from math import comb

from clemsim.results.intervals import Z

DRAWS = 20_000  # of a randomisation test; no p below 1 / DRAWS can come out
RESAMPLES = 2_000


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p of the hypothesis that a yes or no changes as easily one way as the other, from the numbers of
    pairs in which it changed (exact binomial; McNemar 1947).
    """
    count = gained + lost
    if not count:
        return 1.0
    tail = sum(comb(count, successes) for successes in range(min(gained, lost) + 1)) / 2**count
    return float(min(1.0, 2 * tail))


def sign_flip(differences: Sequence[float], seed: int = 0) -> float:
    """Return the two-sided p of the hypothesis that differences are symmetric about 0 (randomisation of their signs; Fisher
    1935).
    """
    changes = [difference for difference in differences if difference]
    if not changes:
        return 1.0
    total = sum(changes)
    dice, beyond = random.Random(seed), 0
    for _ in range(DRAWS):
        bits = dice.getrandbits(len(changes))
        flipped = total - 2 * sum(change for index, change in enumerate(changes) if bits >> index & 1)
        beyond += abs(flipped) >= abs(total) - 1e-9
    return (beyond + 1) / (DRAWS + 1)


def mean_interval(differences: Sequence[float], reach: float, seed: int = 0) -> tuple[float, float]:
    """Return a 95 % interval for the mean difference: pairs are drawn with replacement (bootstrap; Efron 1979). Where all
    are equal it is Wilson's (1927) for the share that could have differed, by as much as `reach`.
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
    """Return a 95 % interval for a share (Wilson 1927)."""
    share = successes / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * (share * (1 - share) / count + Z * Z / (4 * count * count)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def significant(values: Mapping[str, float], level: float) -> set[str]:
    """Return the names of the tests that are significant at `level` for all tests together (Holm 1979)."""
    return {name for name, p in zip(values, holm(list(values.values())), strict=True) if p is not None and p <= level}


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted so that the chance of any false verdict among them stays below the level (Holm 1979). None
    stays None.
    """
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    adjusted: list[float | None] = [None] * len(ps)
    highest = 0.0
    for rank, (p, index) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        adjusted[index] = highest
    return adjusted


def holm_levels(ps: Sequence[float | None], alpha: float = 0.05) -> list[float]:
    """Return, for each test, the level of the interval that its p value has to leave 0 out of in Holm's procedure (1979).

    With m tests of which k are decided, the tests that are decided first to last have 1 - alpha/m, 1 - alpha/(m - 1) and so
    on; all others have 1 - alpha/(m - k). So an interval of that level leaves 0 out exactly where the test is decided.
    """
    adjusted = holm(ps)
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    decided = [index for _, index in known if (adjusted[index] or 0.0) < alpha]
    levels = [1 - alpha / max(1, len(known) - len(decided))] * len(ps)
    for rank, index in enumerate(decided):
        levels[index] = 1 - alpha / (len(known) - rank)
    return levels
