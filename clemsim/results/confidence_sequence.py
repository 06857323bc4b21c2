"""Intervals that hold at any number of looks: confidence sequences for means of bounded values.

An ordinary 95 % interval holds at one look. A rule that looks after every episode and stops at the first clear answer is
wrong far more often than in one run of twenty. The intervals here hold at all looks together with 95 % probability,
whatever the distribution, for any number of looks and any rule to stop.

The mean over games is bounded from rounds. A round has at least one value of each game, independent of each other and of
earlier rounds; how many is fixed before any value is seen. For a candidate m below the truth the wealth of a gambler grows
who stakes the same on each game: a stake L, shared equally by the n values x of a game in the round, multiplies his wealth
by 1 + L / n (x - m) for each value. As 1 + y <= exp(y), the expected product over the round is at most exp(L G (M - m)) for
G games with the mean M over games: at most 1 where m is the truth or above it, whatever the games' own means. By Ville's
inequality the wealth then reaches 1 / level with probability at most `level`. Candidates at which it has reached 1 / level
are excluded. Against candidates above the truth a second gambler bets in the same way on 1 - x; each has half of the level.

A gambler has two purses with half of his money each, as a mean of such wealths is one. The quick one stakes by the
predictable plug-in of Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", J. R. Stat. Soc.
B 86 (2024). The patient one stakes what is best where the answer comes after half of the rounds. Stakes are cut so that no
value loses more than three quarters, and depend on earlier rounds alone.

Of one game a value may be a pair (s, w) with 0 <= s <= w <= 1, and stands for the ratio E[s] / E[w]; a mean has w = 1.
This knows nothing of episodes, only numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from clemsim.results.intervals import Interval

LEVEL = 0.05  # of error, over all looks
STEPS = 200  # between the candidates 0 and 1
MOST = 0.75  # of the wealth that one value may lose
SPREAD = 0.25  # variance of a value before anything was seen: the largest there is
PATIENCE = 0.5  # share of the rounds after which the patient purse expects the answer

Pair = tuple[float, float]
Round = Sequence[Sequence[Pair]]  # by game

CANDIDATES = tuple(step / STEPS for step in range(STEPS + 1))


class Wealth:
    """The log wealth of a gambler at each candidate, for bets that the mean is higher. It falls with the candidate."""

    def __init__(self, level: float, rounds: int | None = None) -> None:
        """`rounds`: how many there will be at most; None: unknown, and there is no patient purse."""
        self.candidates = CANDIDATES
        self._purses = [[0.0] * len(CANDIDATES) for _ in range(1 if rounds is None else 2)]
        self._target = 2 * math.log(1 / level)
        self._rounds = rounds
        self._count = 0
        self._squares = 0.0
        self._sums: list[Pair] = []  # of s and w by game, begun as if half of one value had been seen

    @property
    def logs(self) -> list[float]:
        """The log wealth at each of the candidates: of the mean of both purses."""
        return [log_mean(logs) for logs in zip(*self._purses, strict=True)]

    def add(self, games: Round) -> None:
        """Add a round."""
        if not self._sums:
            self._sums = [(0.5, 1.0)] * len(games)
            self._squares = sum(SPREAD / len(pairs) for pairs in games)
        self._count += 1
        for purse, stake in enumerate(self._stakes()):
            self._purses[purse] = self._bet(self._purses[purse], stake, games)
        self._learn(games)

    def keep(self, low: float, high: float) -> None:
        """Forget all candidates but those from `low` to `high`."""
        first = next((at for at, m in enumerate(self.candidates) if m >= low), len(self.candidates))
        last = next((at for at, m in enumerate(self.candidates) if m > high), len(self.candidates))
        if (first, last) != (0, len(self.candidates)):
            self.candidates = self.candidates[first:last]
            self._purses = [logs[first:last] for logs in self._purses]

    def excluded(self, enough: float) -> float:
        """Return the highest candidate at which the log wealth is at least `enough`, as it is at all lower ones; else 0."""
        highest = 0.0
        for m, *logs in zip(self.candidates, *self._purses, strict=True):
            if log_mean(logs) < enough:
                break
            highest = m
        return highest

    def _stakes(self) -> list[float]:
        """Return the stake of each purse on each game."""
        quick = math.sqrt(self._target / (self._squares * math.log(1 + self._count)))
        if self._rounds is None:
            return [quick]
        return [quick, math.sqrt(self._target / (self._squares / self._count * PATIENCE * self._rounds))]

    def _bet(self, logs: Sequence[float], stake: float, games: Round) -> list[float]:
        """Return the log wealth after a round. The stake is cut alike for all games."""
        most = MOST * min(map(len, games))
        stakes = [stake if stake * m <= most else most / m for m in self.candidates]
        factors = [1.0] * len(stakes)
        for pairs in games:
            share = 1 / len(pairs)
            for s, w in pairs:
                factors = [
                    factor * (1 + share * own * (s - m * w))
                    for factor, own, m in zip(factors, stakes, self.candidates, strict=True)
                ]
        return [old + math.log(factor) for old, factor in zip(logs, factors, strict=True)]

    def _learn(self, games: Round) -> None:
        """Take in how much the values of each game vary around their ratio so far."""
        for game, pairs in enumerate(games):
            s, w = (have + sum(new) for have, new in zip(self._sums[game], zip(*pairs, strict=True), strict=True))
            self._sums[game] = s, w
            self._squares += sum((one - s / w * weight) ** 2 for one, weight in pairs) / len(pairs) ** 2


class ConfidenceSequence:
    """An interval for the mean over games of the means of their values, wrong at any time with probability `level` at most.

    `rounds`: how many there will be at most, for stakes that fit; the interval is valid for any number of them.
    """

    def __init__(self, rounds: int | None = None, level: float = LEVEL) -> None:
        self._below, self._above = Wealth(level / 2, rounds), Wealth(level / 2, rounds)  # above: at the mirrored candidates
        self._enough = math.log(2 / level)
        self._interval = (0.0, 1.0)

    @property
    def interval(self) -> Interval:
        """The interval so far, within [0, 1]. A value that was excluded once stays excluded."""
        return self._interval

    def add(self, games: Round) -> None:
        """Add a round: the values of each game, with the weight 1, or those of one game with any weights. A round without
        weight says nothing.

        Raises ValueError unless 0 <= s <= w <= 1 for each pair.
        """
        check(pair for pairs in games for pair in pairs)
        if not any(w for pairs in games for _, w in pairs):
            return
        self._below.add(games)
        self._above.add([[(w - s, w) for s, w in pairs] for pairs in games])
        low, high = self._below.excluded(self._enough), 1 - self._above.excluded(self._enough)
        low, high = max(low, self._interval[0]), min(high, self._interval[1])
        self._interval = low, high
        self._below.keep(low, high)
        self._above.keep(1 - high, 1 - low)


def check(pairs: Iterable[Pair]) -> None:
    """Raise ValueError unless 0 <= s <= w <= 1 for each pair."""
    for s, w in pairs:
        if not 0 <= s <= w <= 1:
            raise ValueError(f"not 0 <= {s} <= {w} <= 1")


def log_mean(logs: Sequence[float]) -> float:
    """Return the log of the mean of numbers that are given by their logs."""
    most = max(logs)
    return most + math.log(sum([math.exp(log - most) for log in logs]) / len(logs))
