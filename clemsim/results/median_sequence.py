"""An interval that holds at any number of looks for the median of a stream of values.

For a candidate r at or above the median a gambler bets that more than half of the values exceed it: with the stake 2 p - 1
each value multiplies his wealth by 2 p where it exceeds r and by 2 (1 - p) where it does not, and his wealth is the mean
over p uniform in (1/2, 1). After n values of which k exceed r that is the sum of C(n + 1, i) for i <= k, divided by
(n + 1) C(n, k). By Ville's inequality it reaches 2 / level at any time with probability level / 2 at most, so candidates at
which it has are excluded: what is left is bounded by order statistics (Howard and Ramdas, "Sequential estimation of
quantiles with applications to A/B testing and best-arm identification", Bernoulli 28, 2022). The values may come from
several games in fixed proportions; then the median is that of their mixture.
"""

from __future__ import annotations

from bisect import insort
from math import comb, inf, isinf

from clemsim.results.intervals import Interval


class MedianSequence:
    """An interval for the median of values above 0, wrong at any time with probability `level` at most."""

    def __init__(self, level: float) -> None:
        self._enough = 2 / level
        self._values: list[float] = []
        self._interval: Interval = (0.0, inf)

    @property
    def interval(self) -> Interval:
        """The interval so far, within [0, infinity]. A value that was excluded once stays excluded."""
        return self._interval

    @property
    def median(self) -> float | None:
        """The median of the values so far (the lower of the two middle ones); None: there are none."""
        return self._values[(len(self._values) - 1) // 2] if self._values else None

    def add(self, value: float) -> None:
        """Add a value. Raises ValueError unless it is a number above 0."""
        if not value > 0 or isinf(value):
            raise ValueError(f"{value} is no number above 0")
        insort(self._values, value)
        if (side := enough_on_one_side(len(self._values), self._enough)) is not None:
            low, high = self._values[-side], self._values[side - 1]
            self._interval = max(low, self._interval[0]), min(high, self._interval[1])


def wealth(exceeding: int, count: int) -> float:
    """Return the wealth of the gambler after `count` values of which so many exceed the candidate."""
    return sum(comb(count + 1, i) for i in range(exceeding + 1)) / ((count + 1) * comb(count, exceeding))


def enough_on_one_side(count: int, enough: float) -> int | None:
    """Return the least number of `count` values on one side of a candidate that exclude it; None: not even all do."""
    if wealth(count, count) < enough:
        return None
    low, high = (count + 1) // 2, count
    while low < high:
        middle = (low + high) // 2
        if wealth(middle, count) >= enough:
            high = middle
        else:
            low = middle + 1
    return low
