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

Several parts: the product of their wealths is such a wealth too, so all vectors of candidates are excluded at which it has
reached 1 / level; the interval of the unweighted mean over parts is bounded by Lagrangian duality, which can only make it
wider. This knows nothing of episodes, only numbers.
"""

from __future__ import annotations

import math

LEVEL = 0.05  # of error, over all looks
STEPS = 200  # between the candidates 0 and 1
MOST = 0.75  # of the wealth that one round may lose
PRICES = [10 ** (power / 3 - 3.5) for power in range(12)]  # of log wealth, in units of the mean: multipliers to try

Interval = tuple[float, float]

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


class Bound:
    """A lower bound of the unweighted mean over parts, wrong at any time with probability `level` at most."""

    def __init__(self, parts: int, level: float) -> None:
        self._parts = [Wealth(level) for _ in range(parts)]
        self._least = [[0.0] * len(PRICES) for _ in range(parts)]  # of each part at each price
        self._enough = math.log(1 / level)
        self.value = 0.0

    def add(self, part: int, s: float, w: float) -> None:
        """One more round of a part. What was excluded once stays so."""
        self._parts[part].add(s, w)
        found = self._alone() if len(self._parts) == 1 else self._together(part)
        self.value = max(self.value, found)

    def _alone(self) -> float:
        """The highest candidate that is excluded; all below are too."""
        logs = self._parts[0].logs
        return next((m for m, log in zip(reversed(_CANDIDATES), reversed(logs), strict=True) if log >= self._enough), 0.0)

    def _together(self, changed: int) -> float:
        """The least mean over parts of all vectors that are not excluded, or something below it.

        Between two candidates the wealth is at least what it is at the higher one, so that pairs with the lower one.
        """
        logs = self._parts[changed].logs
        cells = list(zip(_CANDIDATES, [*logs[1:], logs[-1]], strict=True))
        self._least[changed] = [min([m + price * log for m, log in cells]) for price in PRICES]
        totals = zip(PRICES, map(sum, zip(*self._least, strict=True)), strict=True)
        return max(total - price * self._enough for price, total in totals) / len(self._parts)


class ConfidenceSequence:
    """An interval for the unweighted mean over parts of E[s] / E[w], wrong at any time with probability `level` at most."""

    def __init__(self, parts: int = 1, level: float = LEVEL) -> None:
        self._low, self._high = Bound(parts, level / 2), Bound(parts, level / 2)

    def add(self, s: float, w: float = 1.0, part: int = 0) -> None:
        """One more pair of a part. Raises ValueError unless 0 <= s <= w <= 1."""
        if not 0 <= s <= w <= 1:
            raise ValueError(f"not 0 <= {s} <= {w} <= 1")
        self._low.add(part, s, w)
        self._high.add(part, w - s, w)

    @property
    def interval(self) -> Interval:
        """As it is now, within [0, 1]."""
        return self._low.value, 1 - self._high.value
