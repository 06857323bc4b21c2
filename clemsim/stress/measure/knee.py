"""Where throughput stops growing with concurrency, and how sure that is.

Two lines bound the throughput X of a closed system with N conversations: under light load X = N / R, with R the time
that one conversation needs for a unit of work; under heavy load X = S, the most that the server does. They meet at the
knee N* = R S: below it nobody waits, above it everybody waits for others (the saturation point of asymptotic bounds;
Denning and Buzen 1978, "The Operational Analysis of Queueing Network Models"). R is read off the steps that are still on
the first line, S off those on the second, each as a median, so that one odd step decides nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LIGHT = 0.9  # of the greatest X / N: such steps are on the first line
HEAVY = 0.95  # of the greatest X: such steps are on the second
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sweep: conversations, and the throughputs of its parts, in any unit."""

    concurrency: float
    rates: Sequence[float]

    @property
    def rate(self) -> float:
        """Its throughput."""
        return sum(self.rates) / len(self.rates)


@dataclass(frozen=True, slots=True)
class Knee:
    """Where the lines meet. `reached`: the sweep went far enough to see the second one."""

    concurrency: float
    interval: tuple[float, float]
    rate: float  # of a saturated server
    alone: float  # of one conversation under light load
    reached: bool


def find_knee(steps: Sequence[Step]) -> Knee | None:
    """The knee with a 95 % interval from redrawing the parts of each step; None where fewer than three steps gave
    anything.
    """
    some = [step for step in steps if step.rates and step.rate > 0]
    if len(some) < 3:
        return None
    alone, full = _lines([(step.concurrency, step.rate) for step in some])
    dice = random.Random(0)
    found = sorted(_meet(_redrawn(some, dice)) for _ in range(RESAMPLES))
    middle = full / alone
    ends = found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES) - 1]
    reached = middle < HEAVY * some[-1].concurrency and sum(step.rate >= HEAVY * full for step in some) > 1
    return Knee(middle, (min(middle, ends[0]), max(middle, ends[1])), full, alone, reached)


def _lines(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Throughput of one conversation under light load, and of the saturated server."""
    slopes = [rate / concurrency for concurrency, rate in points]
    rates = [rate for _, rate in points]
    light = median(slope for slope in slopes if slope >= LIGHT * max(slopes))
    return light, median(rate for rate in rates if rate >= HEAVY * max(rates))


def _meet(points: Sequence[tuple[float, float]]) -> float:
    light, heavy = _lines(points)
    return heavy / light


def _redrawn(steps: Sequence[Step], dice: random.Random) -> list[tuple[float, float]]:
    drawn = [(step.concurrency, dice.choices(step.rates, k=len(step.rates))) for step in steps]
    return [(concurrency, max(1e-12, sum(rates) / len(rates))) for concurrency, rates in drawn]
