"""The score of one game: a ratio of two sums over its instances.

Aborted or not by episodes is %Played, main scores by scored episodes Quality, main scores by all episodes worth. Episodes of
one instance belong together, so an instance, not an episode, is the unit that could have been another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PHANTOM = 0.5  # an outcome of each kind that is added to a mean before its variance is taken (Jeffreys' prior)


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
