"""The measures of a canary: each takes in blocks of pairs and knows how it stands.

All intervals together are wrong at any look with probability `LEVEL` at most: each has an equal share of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Protocol

from clemsim.canary.verdict import Answer, CanaryMeasure, MeasureKey, ends
from clemsim.game.outcomes import Outcome
from clemsim.results.confidence_sequence import LEVEL, ConfidenceSequence
from clemsim.results.median_sequence import MedianSequence
from clemsim.runs.stopping.bounds import worth
from clemsim.runs.stopping.outlook import REACH


@dataclass(frozen=True, slots=True)
class PlayedArm:
    """What one arm made of an instance. `tokens` of its replies came in `seconds` of waiting for them."""

    outcome: Outcome
    tokens: int
    seconds: float
    replies: tuple[str, ...]

    @property
    def rate(self) -> float | None:
        """Tokens a second; None where no tokens were counted."""
        return self.tokens / self.seconds if self.tokens and self.seconds > 0 else None


ArmPair = tuple[PlayedArm, PlayedArm]
PairBlock = Mapping[str, Sequence[ArmPair]]  # by game


class Measure(Protocol):
    """What a canary measures."""

    def add(self, block: PairBlock) -> None:
        """Take in a block that has a pair of each game at least."""

    def state(self) -> CanaryMeasure:
        """Return how it stands."""


class PointsMeasure:
    """The difference B - A of a mean over games, in points, against a margin."""

    def __init__(
        self, name: MeasureKey, value: Callable[[Outcome], float], margin: float, blocks: int, level: float
    ) -> None:
        """`value` of an outcome: within [0, 1]. `blocks`: how many there are at most."""
        self._name: MeasureKey = name
        self._value = value
        self._margin = margin
        self._sequence = ConfidenceSequence(blocks, level)
        self._values: dict[str, list[tuple[float, float]]] = {}

    def add(self, block: PairBlock) -> None:
        """Take in a block."""
        values = {
            game: [(self._value(a.outcome), self._value(b.outcome)) for a, b in pairs] for game, pairs in block.items()
        }
        for game, pairs in values.items():
            self._values.setdefault(game, []).extend(pairs)
        self._sequence.add([[((b - a + 1) / 2, 1.0) for a, b in pairs] for pairs in values.values()])

    def state(self) -> CanaryMeasure:
        """Return how it stands."""
        low, high = (200 * end - 100 for end in self._sequence.interval)
        a, b = (self._mean(lambda pair, at=at: pair[at]) for at in (0, 1))  # type: ignore[misc]
        answer = answered(low, high, -self._margin, self._margin)
        if answer == "same" and (a or 0.0) < self._margin:
            answer = "open"  # there is not so much to lose
        return CanaryMeasure(
            name=self._name,
            answer=answer,
            pairs=sum(map(len, self._values.values())),
            estimate=None if a is None or b is None else round(b - a, 2),
            interval=ends((low, high)),
            margin=self._margin,
            a=a,
            b=b,
            visible=self._visible(),
        )

    def _mean(self, pick: Callable[[tuple[float, float]], float]) -> float | None:
        games = [fmean(map(pick, pairs)) for pairs in self._values.values()]
        return round(100 * fmean(games), 2) if games else None

    def _visible(self) -> float | None:
        """Return the margin and what is added to it by how much the pairs differ, or by their small number."""
        games = [[b - a for a, b in pairs] for pairs in self._values.values()]
        if not games or min(map(len, games)) < 2:
            return None
        error = sqrt(sum(stdev(game) ** 2 / len(game) for game in games)) / len(games)
        low, high = self._sequence.interval
        return round(min(100.0, self._margin + 100 * max(REACH * error, high - low)), 1)


class SpeedMeasure:
    """The median over pairs of the ratio of tokens a second, B over A, against a margin."""

    def __init__(self, margin: float, level: float) -> None:
        """`margin`: the ratio, above 1, that counts as a change; its inverse does too."""
        self._margin = margin
        self._sequence = MedianSequence(level)
        self._pairs = 0

    def add(self, block: PairBlock) -> None:
        """Take in a block; pairs without tokens say nothing."""
        for a, b in (pair for pairs in block.values() for pair in pairs):
            if a.rate and b.rate:
                self._pairs += 1
                self._sequence.add(b.rate / a.rate)

    def state(self) -> CanaryMeasure:
        """Return how it stands."""
        low, high = self._sequence.interval
        median = self._sequence.median
        return CanaryMeasure(
            name="speed",
            answer=answered(low, high, 1 / self._margin, self._margin),
            pairs=self._pairs,
            estimate=None if median is None else round(median, 4),
            interval=ends((low, high)),
            margin=self._margin,
        )


def make_measures(margin: float, speed_margin: float | None, blocks: int) -> list[Measure]:
    """Return the measures. `margin` in points; `speed_margin` as a ratio above 1, None: speed is not looked at."""
    share = LEVEL / (2 if speed_margin is None else 3)
    measures: list[Measure] = [
        PointsMeasure("worth", lambda outcome: worth([outcome]), margin, blocks, share),
        PointsMeasure("played", lambda outcome: float(outcome.kind != "aborted"), margin, blocks, share),
    ]
    return measures if speed_margin is None else [*measures, SpeedMeasure(speed_margin, share)]


def answered(low: float, high: float, least: float, most: float) -> Answer:
    """Return what an interval says of the bounds `least` and `most` of what counts as the same."""
    if high <= least:
        return "worse"
    if low >= most:
        return "better"
    return "same" if least < low and high < most else "open"
