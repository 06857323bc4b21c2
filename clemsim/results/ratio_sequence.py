"""An interval that holds at any number of looks for the mean over games of ratios, such as Quality.

A game is a stream of pairs (s, w) with 0 <= s <= w <= 1, independent of each other, and stands for the ratio E[s] / E[w].
How often a game has a weight is unknown, so equal stakes on all games are not fair to them, and the rounds of
`clemsim.results.confidence_sequence` do not serve. Instead half of the wealth of each pair of gamblers on a game alone,
multiplied over games, is a wealth too. All vectors of candidates are excluded at which it has reached 1 / level, and
Lagrangian duality bounds the unweighted mean over games of those that are left; it can only make the interval wider. It is
far wider than that of a mean, and the more so the more games there are.
"""

from __future__ import annotations

import math

from clemsim.results.confidence_sequence import CANDIDATES, LEVEL, Pair, Wealth, check, log_mean
from clemsim.results.intervals import Interval

PRICES = [10 ** (power / 4 - 3) for power in range(13)]  # of log wealth, in units of the mean: multipliers to try


class RatioSequence:
    """An interval for the unweighted mean over games of E[s] / E[w], wrong at any time with probability `level` at most."""

    def __init__(self, games: int, level: float = LEVEL) -> None:
        self._below = [Wealth(level / 2) for _ in range(games)]
        self._above = [Wealth(level / 2) for _ in range(games)]  # of w - s: at the mirrored candidates
        self._ends = [[(0.0, 1.0)] * len(PRICES) for _ in range(games)]  # of each game at each price
        self._enough = math.log(1 / level)
        self._interval = (0.0, 1.0)

    @property
    def interval(self) -> Interval:
        """The interval so far, within [0, 1]. A value that was excluded once stays excluded."""
        return self._interval

    def add(self, pair: Pair, game: int) -> None:
        """Add a pair to a game. Raises ValueError unless 0 <= s <= w <= 1."""
        check([pair])
        s, w = pair
        if w > 0:
            self._below[game].add([[pair]])
            self._above[game].add([[(w - s, w)]])
            low, high = self._together(game)
            self._interval = max(low, self._interval[0]), min(high, self._interval[1])

    def _together(self, changed: int) -> Interval:
        """Return bounds of the mean over games of the vectors that are not excluded; they may be wider than necessary."""
        cells = list(zip(CANDIDATES, CANDIDATES[1:], self._wealth(changed), strict=False))
        self._ends[changed] = [
            (min([low + price * log for low, _, log in cells]), max([high - price * log for _, high, log in cells]))
            for price in PRICES
        ]
        many = len(self._ends)
        sums = [tuple(map(sum, zip(*ends, strict=True))) for ends in zip(*self._ends, strict=True)]
        lows = [(low - price * self._enough) / many for price, (low, _) in zip(PRICES, sums, strict=True)]
        highs = [(high + price * self._enough) / many for price, (_, high) in zip(PRICES, sums, strict=True)]
        return max(lows), min(highs)

    def _wealth(self, game: int) -> list[float]:
        """Return a lower bound of the log wealth of both gamblers together between each candidate and the next."""
        below, above = self._below[game].logs[1:], self._above[game].logs[:0:-1]
        return [log_mean(logs) for logs in zip(below, above, strict=True)]
