"""One interval for every score: of one game, and of the mean over games.

The score over games is the unweighted mean, and its variance the sum of the games' variances: a game of two instances enters
with the uncertainty of two instances. The variance of a game is its dispersion (`clemsim.results.dispersions`) times the
largest that its mean allows.

The interval is Jeffreys' interval for a share (Brown, Cai and DasGupta 2001) at the effective number of instances: the
number of yes-or-no outcomes that would have the same variance, less what is lost as the dispersion is itself an estimate,
and never fewer than if all outcomes were yes or no (Korn and Graubard 1998; Franco, Little, Louis and Slud 2019). For
yes-or-no outcomes of one game that is their number. Elsewhere it depends on where the score is, so each end takes it as it
would be at that end (`clemsim.results.shifts`; the principle of Wilson's interval). So the interval stays within 0..100,
leans away from the nearer end, is not misled by a small game that happened to go well throughout, and has a width where all
outcomes are equal. `benchmarks/coverage.py` measures how often it contains the truth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clemsim.results.dispersions import EXACT, dispersions
from clemsim.results.distributions import NORMAL, beta_quantile, t_quantile
from clemsim.results.intervals import Interval
from clemsim.results.ratios import Ratio
from clemsim.results.roots import Spot, rising_root
from clemsim.results.shifts import MeanShift, ProductShift, Shift, logit

FEWEST = 5  # instances; of fewer nothing can be said with 95 %
LEVEL = 0.95
LARGEST_TAIL = 0.4999  # of an interval that is hardly more than a point
CLOSEST = 0.95  # correlation of two means of which a product is made


@dataclass(frozen=True, slots=True)
class Mean:
    """A score over games, 0..1: the mean of ratios, or the product of two such means.

    `shift`: how score and variance change together. `df`: the degrees of freedom of the variance beyond what the score tells
    of it (Satterthwaite 1946). `dispersion`: the variance as a share of the largest that there can be, 0..1; 0 where no
    bound is known. `units`: instances in all, weighted as in `Ratio`.
    """

    value: float
    shift: Shift
    df: float
    dispersion: float
    units: float

    @property
    def variance(self) -> float:
        """The variance of the estimate, where it was seen."""
        return self.shift.at(0.0)[1]

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Return the interval of this level; None for too few instances."""
        return None if self.units < FEWEST - 1e-9 else self.ends(level)

    def ends(self, level: float = LEVEL) -> Interval:
        """Return the interval of this level, however few the instances."""
        return _known_ends(self, level)

    def _ends(self, level: float) -> Interval:
        tail = min(LARGEST_TAIL, (1 - level) / 2)
        known = max(self.dispersion, (NORMAL.inv_cdf(1 - tail) / t_quantile(1 - tail, self.df)) ** 2)
        low = 0.0 if self.value <= 0 else min(self.value, self._end(tail, known))
        high = 1.0 if self.value >= 1 else max(self.value, self._end(1 - tail, known))
        return low, high

    def _end(self, share: float, known: float) -> float:
        """Return the quantile of Jeffreys' distribution at the number of instances that holds at this very quantile;
        `known`: the share of them that is left as the dispersion is an estimate.
        """

        def quantile(score: float, variance: float) -> float:
            count = score * (1 - score) / variance * known
            return beta_quantile(share, self.value * count + 0.5, (1 - self.value) * count + 0.5)

        def ahead(shift: float) -> float:
            score, variance = self.shift.at(shift)
            return score - quantile(score, variance)

        score, variance = self.shift.at(0.0)
        end = quantile(score, variance)
        if self.shift.plain:
            return end
        shift = rising_root(ahead, Spot(0.0, score - end), (end - score) / variance)
        return quantile(*self.shift.at(shift))


@lru_cache(maxsize=4096)  # a table of n models looks at the ends of each n - 1 times
def _known_ends(mean: Mean, level: float) -> Interval:
    return mean._ends(level)


@dataclass(frozen=True, slots=True)
class GameMean:
    """What one game gives to a mean over games.

    `value`: its ratio, 0..1. `smoothed`: the ratio at which its variance is taken, never 0 or 1. `variance`: of the ratio.
    `df`: the degrees of freedom of that variance beyond what the ratio tells of it. `units`: its instances. `dispersion`:
    the variance as a share of the largest that there can be; 0 where no bound is known.
    """

    value: float
    smoothed: float
    variance: float
    df: float
    units: float
    dispersion: float = 0.0


def mean_over_games(ratios: Iterable[Ratio]) -> Mean | None:
    """Return the unweighted mean of the ratios of several games; None where there is none."""
    games = list(ratios)
    parts = []
    for game, dispersion in zip(games, dispersions(games), strict=True):
        variance = dispersion.value * game.smoothed * (1 - game.smoothed) / game.units
        parts.append(GameMean(game.value, game.smoothed, variance, dispersion.df, game.units, dispersion.value))
    return mean_of_parts(parts) if parts else None


def mean_of_parts(parts: Sequence[GameMean]) -> Mean:
    """Return the unweighted mean of one part or more."""
    total = sum(part.variance for part in parts)
    uncertain = sum(part.variance**2 / part.df for part in parts)
    return Mean(
        value=sum(part.value for part in parts) / len(parts),
        shift=MeanShift(tuple((logit(part.smoothed), _multiple(part)) for part in parts)),
        df=total * total / uncertain if uncertain else EXACT,
        dispersion=_dispersion([(part.variance, part.dispersion) for part in parts]),
        units=sum(part.units for part in parts),
    )


def _dispersion(parts: Iterable[tuple[float, float]]) -> float:
    """Return the dispersion of a sum of variances, each given with its own."""
    known = list(parts)
    if any(dispersion <= 0 for _, dispersion in known):
        return 0.0
    return sum(variance for variance, _ in known) / sum(variance / dispersion for variance, dispersion in known)


def _multiple(part: GameMean) -> float:
    return part.variance / (part.smoothed * (1 - part.smoothed))


def product(first: Mean, second: Mean, covariance: float) -> Mean:
    """Return the product of two means whose estimates have this covariance."""
    (one, own), (other, its) = first.shift.at(0.0), second.shift.at(0.0)
    shares = other * other * own, one * one * its
    uncertain = sum(share * share / mean.df for share, mean in zip(shares, (first, second), strict=True))
    correlation = max(-CLOSEST, min(CLOSEST, covariance / math.sqrt(own * its)))
    return Mean(
        value=first.value * second.value,
        shift=ProductShift(first.shift, second.shift, correlation),
        df=sum(shares) ** 2 / uncertain if uncertain else EXACT,
        dispersion=_dispersion(zip(shares, (first.dispersion, second.dispersion), strict=True)),
        units=min(first.units, second.units),
    )
