"""What stopping rules ask, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clemsim.game.outcomes import Outcome
from clemsim.results.confidence_sequence import LEVEL, ConfidenceSequence
from clemsim.results.intervals import Interval
from clemsim.results.stopping_result import DIFFERENCE
from clemsim.runs.stopping.bounds import bound, worth

METRICS = ("clemscore", "worth", "played", "quality")

CastOutcomes = Mapping[str, Sequence[Outcome]]  # by cast, of its repetitions
BlockOutcomes = Mapping[str, Sequence[CastOutcomes]]  # by arena, of its instances


@dataclass(frozen=True, slots=True)
class Shape:
    """What a run plays: its casts, the number of instances of each arena, and how often each of them."""

    casts: Sequence[str]
    sizes: Mapping[str, int]
    repetitions: int = 1

    def only(self, arena: str) -> Shape:
        """Return the same of one arena."""
        return Shape(self.casts, {arena: self.sizes[arena]}, self.repetitions)

    @property
    def blocks(self) -> int:
        """The number of blocks: no game can have more than instances."""
        return min(self.sizes.values())


class Criterion(Protocol):
    """What a rule asks, and what is known of it so far. `quantity`: the name of what is bounded."""

    casts: Sequence[str]
    arenas: Sequence[str]
    quantity: str

    def add(self, block: BlockOutcomes) -> None:
        """Take in the outcomes of one more block."""

    def answer(self) -> str:
        """Return `yes` or `no`; empty: no answer yet."""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Return how it stands in words, and the intervals in points."""


class WorthDifference:
    """The difference in worth between two agents: of the mean over games of the mean main score of all episodes, where an
    aborted one counts 0.

    The value of an instance for an agent is its mean over repetitions.
    """

    quantity = DIFFERENCE

    def __init__(self, first: str, second: str, shape: Shape) -> None:
        self.casts: Sequence[str] = (first, second)
        self.arenas: Sequence[str] = list(shape.sizes)
        self.interval: Interval = (-100.0, 100.0)
        self._sequence = ConfidenceSequence(shape.blocks)

    def add(self, block: BlockOutcomes) -> None:
        """Take in one more block of pairs."""
        self._sequence.add([[(self._value(ended), 1.0) for ended in instances] for instances in block.values()])
        low, high = self._sequence.interval
        self.interval = 200 * low - 100, 200 * high - 100

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Return the difference."""
        return f"{self.quantity} {span(self.interval)} points", {"difference": self.interval}

    def _value(self, ended: CastOutcomes) -> float:
        first, second = (worth(ended[cast]) for cast in self.casts)
        return (first - second + 1) / 2


class Better(WorthDifference):
    """`A > B`: has one agent the higher worth?"""

    def answer(self) -> str:
        """Answer once the interval leaves 0 out."""
        low, high = self.interval
        return "yes" if low >= 0 else "no" if high <= 0 else ""


class Equivalent(WorthDifference):
    """`|A - B| < MARGIN`: do two agents differ in worth by less than so many points?"""

    def __init__(self, first: str, second: str, margin: float, shape: Shape) -> None:
        super().__init__(first, second, shape)
        self._margin = margin

    def answer(self) -> str:
        """Answer once the interval lies within the margin, or outside it."""
        low, high = self.interval
        if -self._margin < low and high < self._margin:
            return "yes"
        return "no" if low >= self._margin or high <= -self._margin else ""


class Narrow:
    """`ci(METRIC) < WIDTH` or `ci(METRIC, GAME) < WIDTH`: is every agent's interval narrower than so many points?

    The clemscore of several games is the product of %Played and Quality, each bounded with
    half of the error; that of one game is its worth.
    """

    def __init__(self, metric: str, width: float, shape: Shape) -> None:
        self.casts = shape.casts
        self.arenas: Sequence[str] = list(shape.sizes)
        self.quantity = metric
        self.width = width
        games = len(shape.sizes)
        factors = ("played", "quality") if metric == "clemscore" and games > 1 else (metric,)
        self._bounds = [
            [bound(factor, games, shape.blocks, shape.repetitions, LEVEL / len(factors)) for factor in factors]
            for _ in shape.casts
        ]
        self._intervals: dict[str, Interval] = dict.fromkeys(shape.casts, (0.0, 100.0))

    def add(self, block: BlockOutcomes) -> None:
        """Take in one more block of each agent."""
        for cast, bounds in zip(self.casts, self._bounds, strict=True):
            low, high = 100.0, 100.0
            for factor in bounds:
                factor.add([[ended[cast] for ended in instances] for instances in block.values()])
                low, high = low * factor.interval[0], high * factor.interval[1]
            self._intervals[cast] = low, high

    def answer(self) -> str:
        """Answer once all intervals are narrow enough."""
        return "yes" if all(high - low < self.width for low, high in self._intervals.values()) else ""

    def state(self) -> tuple[str, dict[str, Interval]]:
        """Return each interval."""
        spans = "; ".join(f"{cast} {span(interval)}" for cast, interval in self._intervals.items())
        return f"{self.quantity}: {spans}", self._intervals


def span(interval: Interval) -> str:
    """Return an interval in points as text."""
    return f"{interval[0]:.1f}…{interval[1]:.1f}"
