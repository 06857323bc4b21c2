"""One interval for every score: of one game, and of the mean over games.

A score of a game is a ratio of two sums over its instances: aborted or not by episodes (%Played), main scores by scored
episodes (Quality), main scores by all episodes (worth). Episodes of one instance belong together, so an instance, not an
episode, is the unit that could have been another one. The score over games is the unweighted mean, and its variance the sum
of the games' variances: a game of two instances enters with the uncertainty of two instances.

The interval is Jeffreys' interval for a share (Brown, Cai and DasGupta 2001) at the effective number of instances: the
number of yes-or-no outcomes that would have the same variance, less what is lost as that variance is itself an estimate
(Korn and Graubard 1998; Franco, Little, Louis and Slud 2019). So it stays within 0..100, leans away from the nearer end, and
has a width where all outcomes are equal. `benchmarks/coverage.py` measures how often it contains the truth.

The variance of a game is that of its instances. The few instances of a game may agree by chance; so two more degrees of
freedom come from the dispersion that all games show together: the variance as a share of that of yes-or-no outcomes with
the same mean, which is the largest there can be. Where the outcomes of a game do not differ at all, that is all there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clemsim.results.distributions import NORMAL, beta_quantile, t_quantile
from clemsim.results.intervals import Interval

PRIOR = 2.0  # degrees of freedom that a game's variance gets from the dispersion of all games
PHANTOM = 0.5  # an outcome of each kind that is added to a mean before its variance is taken (Jeffreys' prior)
FEWEST = 5  # instances; of fewer nothing can be said with 95 %
LEVEL = 0.95
LARGEST_TAIL = 0.4999  # of an interval that is hardly more than a point
EXACT = math.inf  # degrees of freedom of a variance that follows from the mean


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratio of two sums over the instances of one game, 0..1.

    `units`: the effective number of instances, (Σx)² / Σx² (Kish 1965). `variance`: of one instance around the ratio, by
    n - 1; None for fewer than two units. `yes_no`: each instance has all or nothing, so that the mean tells the variance.
    `deviations`: by instance, how much the ratio owes to it; they add up to 0.
    """

    value: float
    units: float
    variance: float | None
    yes_no: bool
    deviations: tuple[float, ...] = ()

    @property
    def smoothed(self) -> float:
        """The ratio with one more unit, half of it 0 and half 1: never at an end of the scale."""
        return (self.value * self.units + PHANTOM) / (self.units + 2 * PHANTOM)

    @property
    def dispersion(self) -> float | None:
        """The variance as a share of the largest that this mean allows; None where nothing is known of it."""
        largest = self.value * (1 - self.value)
        if self.variance is None or largest < 1e-9:
            return None
        return min(1.0, self.variance * (self.units - 1) / self.units / largest)


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio | None:
    """Return the ratio of the sums of both, one number of each for every instance, with 0 <= numerator <= denominator; None
    where the denominators add up to 0.
    """
    total = sum(denominators)
    if total <= 0:
        return None
    value = min(1.0, max(0.0, sum(numerators) / total))
    squares = sum(x * x for x in denominators)
    units = total * total / squares
    residuals = [y - value * x for y, x in zip(numerators, denominators, strict=True)]
    variance = None
    if units > 1 + 1e-9:
        variance = sum(residual * residual for residual in residuals) / squares * units / (units - 1)
    yes_no = all(min(y, x - y) <= 1e-9 * x for y, x in zip(numerators, denominators, strict=True))
    return Ratio(value, units, variance, yes_no, tuple(residual / total for residual in residuals))


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of ratios over games, or the product of two such means, 0..1.

    `smoothed`: the same of smoothed ratios, at which the effective number of instances is taken. `variance`: of the mean;
    `df`: the degrees of freedom of that variance (Satterthwaite 1946). `units`: instances in all, weighted as in `Ratio`.
    """

    value: float
    smoothed: float
    variance: float
    df: float
    units: float

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Return the interval of this level; None for too few instances."""
        return None if self.units < FEWEST - 1e-9 else self.ends(level)

    def ends(self, level: float = LEVEL) -> Interval:
        """Return the interval of this level, however few the instances."""
        tail = min(LARGEST_TAIL, (1 - level) / 2)
        count = self.smoothed * (1 - self.smoothed) / self.variance
        count *= (NORMAL.inv_cdf(1 - tail) / t_quantile(1 - tail, self.df)) ** 2
        a, b = self.value * count + 0.5, (1 - self.value) * count + 0.5
        low = 0.0 if self.value <= 0 else min(self.value, beta_quantile(tail, a, b))
        high = 1.0 if self.value >= 1 else max(self.value, beta_quantile(1 - tail, a, b))
        return low, high


def mean_over_games(ratios: Iterable[Ratio]) -> Mean | None:
    """Return the unweighted mean of the ratios of several games; None where there is none."""
    known = list(ratios)
    if not known:
        return None
    games = len(known)
    together = _pooled_dispersion(known)
    variances = [_variance(game, together) / game.units / games**2 for game in known]
    variance = sum(variances)
    uncertain = sum(
        share * share / (game.units - 1 + PRIOR) for share, game in zip(variances, known, strict=True) if not game.yes_no
    )
    return Mean(
        value=sum(game.value for game in known) / games,
        smoothed=sum(game.smoothed for game in known) / games,
        variance=variance,
        df=variance * variance / uncertain if uncertain else EXACT,
        units=sum(game.units for game in known),
    )


def product(first: Mean, second: Mean, covariance: float) -> Mean:
    """Return the product of two means whose estimates have this covariance (delta method)."""
    shares = second.smoothed**2 * first.variance, first.smoothed**2 * second.variance
    bound = 0.95 * math.sqrt(first.variance * second.variance)
    together = 2 * first.smoothed * second.smoothed * max(-bound, min(bound, covariance))
    freedom = sum(share * share / mean.df for share, mean in zip(shares, (first, second), strict=True))
    return Mean(
        value=first.value * second.value,
        smoothed=first.smoothed * second.smoothed,
        variance=sum(shares) + together,
        df=sum(shares) ** 2 / freedom if freedom else EXACT,
        units=min(first.units, second.units),
    )


def _pooled_dispersion(games: Sequence[Ratio]) -> float:
    """Return the dispersion of all games together, begun with yes-or-no outcomes."""
    known = [(game.units - 1, dispersion) for game in games if (dispersion := game.dispersion) is not None]
    return (PRIOR + sum(weight * dispersion for weight, dispersion in known)) / (PRIOR + sum(weight for weight, _ in known))


def _variance(game: Ratio, together: float) -> float:
    """Return the variance of one instance of a game; `together`: the dispersion of all games."""
    dispersion = game.dispersion
    freedom = game.units - 1 if dispersion is not None else 0.0
    own = ((dispersion or 0.0) * freedom + PRIOR * together) / (freedom + PRIOR)
    expected = own * game.smoothed * (1 - game.smoothed)
    if game.variance is None or game.variance < 1e-12:
        return expected
    return ((game.units - 1) * game.variance + PRIOR * expected) / (game.units - 1 + PRIOR)
