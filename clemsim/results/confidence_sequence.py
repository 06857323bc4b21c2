"""Intervals that hold however often one looks: confidence sequences for means of bounded values.

An ordinary 95 % interval holds at one look. Who looks after every episode and stops at the first clear answer is wrong far
more often than in one run of twenty. The intervals here hold at all looks together with 95 % probability, whatever the
distribution, for any number of looks and any rule to stop.

A part is a stream of pairs (s, w) with 0 <= s <= w <= 1, independent of each other, and stands for the ratio E[s] / E[w]; a
mean has w = 1. For a candidate m below the truth the wealth of a gambler who stakes a share of it on s - m w > 0 at fair
odds grows; by Ville's inequality it reaches 1 / level with probability at most `level` where m is the truth. Candidates at
which it has are excluded. The stakes are those of Waudby-Smith and Ramdas, "Estimating means of bounded random variables
by betting", J. R. Stat. Soc. B 86 (2024): the hedged capital process with predictable plug-in bets, cut so that no round
loses more than three quarters.

Against candidates above the truth a second gambler bets in the same way on (w - s, w); each has half of the level.

Several parts: half of the wealth of each pair of gamblers, multiplied over parts, is such a wealth too. All vectors of
candidates are excluded at which it has reached 1 / level, and Lagrangian duality bounds the unweighted mean over parts of
those that are left; it can only make the interval wider. This knows nothing of episodes, only numbers.
"""

from __future__ import annotations

import math

from clemsim.results.intervals import Interval

LEVEL = 0.05  # of error, over all looks
STEPS = 200  # between the candidates 0 and 1
MOST = 0.75  # of the wealth that one round may lose
PRICES = [10 ** (power / 4 - 3) for power in range(13)]  # of log wealth, in units of the mean: multipliers to try

_TWO = math.log(2)
_CANDIDATES = [step / STEPS for step in range(STEPS + 1)]


class Wealth:
    """The log wealth of a gambler at every candidate, who bets that the ratio is higher. It falls with the candidate."""

    def __init__(self, level: float) -> None:
        self.logs = [0.0] * (STEPS + 1)
        self._stake = 2 * math.log(1 / level)
        self._count = 0
        self._sums = (0.5, 1.0)  # of s and w, begun as if half of one round had been seen
        self._squares = 0.25

    def add(self, s: float, w: float) -> None:
        """One more round; the stake depends on those before alone."""
        if w <= 0:
            return
        self._count += 1
        stake = math.sqrt(self._stake / (self._squares * math.log(1 + self._count)))
        log = math.log1p
        self.logs = [
            old + log((stake if stake * m <= MOST else MOST / m) * (s - m * w))
            for old, m in zip(self.logs, _CANDIDATES, strict=True)
        ]
        self._sums = (self._sums[0] + s, self._sums[1] + w)
        self._squares += (s - self._sums[0] / self._sums[1] * w) ** 2

    def excluded(self, enough: float) -> float:
        """The highest candidate at which the log wealth is enough; it is at all below. 0 if there is none."""
        pairs = zip(reversed(_CANDIDATES), reversed(self.logs), strict=True)
        return next((m for m, log in pairs if log >= enough), 0.0)


class ConfidenceSequence:
    """An interval for the unweighted mean over parts of E[s] / E[w], wrong at any time with probability `level` at most."""

    def __init__(self, parts: int = 1, level: float = LEVEL) -> None:
        self._below = [Wealth(level / 2) for _ in range(parts)]
        self._above = [Wealth(level / 2) for _ in range(parts)]  # of w - s: at the mirrored candidates
        self._ends = [[(0.0, 1.0)] * len(PRICES) for _ in range(parts)]  # of each part at each price
        self._level = level
        self._interval = (0.0, 1.0)

    @property
    def interval(self) -> Interval:
        """As it is now, within [0, 1]. What was excluded once stays so."""
        return self._interval

    def add(self, s: float, w: float = 1.0, part: int = 0) -> None:
        """One more pair of a part. Raises ValueError unless 0 <= s <= w <= 1."""
        if not 0 <= s <= w <= 1:
            raise ValueError(f"not 0 <= {s} <= {w} <= 1")
        self._below[part].add(s, w)
        self._above[part].add(w - s, w)
        low, high = self._alone() if len(self._ends) == 1 else self._together(part)
        self._interval = max(low, self._interval[0]), min(high, self._interval[1])

    def _alone(self) -> Interval:
        """What neither gambler excludes."""
        enough = math.log(2 / self._level)
        return self._below[0].excluded(enough), 1 - self._above[0].excluded(enough)

    def _together(self, changed: int) -> Interval:
        """The least and the greatest mean over parts of the vectors that are not excluded, or something beyond."""
        cells = list(zip(_CANDIDATES, _CANDIDATES[1:], self._wealth(changed), strict=False))
        self._ends[changed] = [
            (min([low + price * log for low, _, log in cells]), max([high - price * log for _, high, log in cells]))
            for price in PRICES
        ]
        enough, many = math.log(1 / self._level), len(self._ends)
        sums = [tuple(map(sum, zip(*ends, strict=True))) for ends in zip(*self._ends, strict=True)]
        lows = [(low - price * enough) / many for price, (low, _) in zip(PRICES, sums, strict=True)]
        highs = [(high + price * enough) / many for price, (_, high) in zip(PRICES, sums, strict=True)]
        return max(lows), min(highs)

    def _wealth(self, part: int) -> list[float]:
        """The log wealth of both gamblers together between each candidate and the next, at least."""
        below, above = self._below[part].logs[1:], self._above[part].logs[:0:-1]
        return [max(one, two) + math.log1p(math.exp(-abs(one - two))) - _TWO for one, two in zip(below, above, strict=True)]
