"""The knee: where throughput stops growing with concurrency, and how sure that is.

Two lines bound the throughput X of a closed system with N conversations: under light load X = N / R, with R the time
that one conversation needs for a unit of work; under heavy load X = S, the most that the server does. They meet at the
knee N* = R S: below it no conversation waits, above it they wait for each other (the saturation point of asymptotic
bounds; Denning and Buzen 1978, "The Operational Analysis of Queueing Network Models"). R comes from the steps that are
still on the first line, S from those on the second, each as a median, so that one odd step decides nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from clemsim.results.intervals import Interval
from clemsim.results.paired_tests import resampled_interval
from clemsim.stress.stress_result import StressResult

LIGHT = 0.9  # of the greatest X / N: such steps are on the first line
HEAVY = 0.95  # of the greatest X: such steps are on the second line
MIN_STEPS = 3
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sweep: conversations, and the throughputs of its parts, in any unit."""

    concurrency: float
    rates: Sequence[float]
    in_flight: float | None = None  # turns

    @property
    def rate(self) -> float:
        """Return the throughput of the step."""
        return sum(self.rates) / len(self.rates)


class Knee(StressResult):
    """The point where the lines meet, with a 95 % interval, in conversations; `in_flight` is the same in turns in flight,
    which are more where a game asks in parallel and fewer where conversations think.

    `rate` is the throughput of the saturated server, `alone` that of one conversation under light load. It is `reached` if
    the sweep went far enough to see the second line.
    """

    concurrency: float
    interval: Interval
    rate: float
    alone: float
    reached: bool
    in_flight: float | None = None


def find_knee(steps: Sequence[Step]) -> Knee | None:
    """Return the knee of a sweep; None if fewer than three steps have any throughput.

    The interval comes from redrawing the parts of each step (bootstrap; Efron 1979).
    """
    steps = [step for step in steps if step.rates and step.rate > 0]
    if len(steps) < MIN_STEPS:
        return None
    alone, full = _lines([(step.concurrency, step.rate) for step in steps])
    dice = random.Random(0)
    low, high = resampled_interval(_meeting_point(_redrawn(steps, dice)) for _ in range(RESAMPLES))
    concurrency = full / alone
    reached = concurrency < HEAVY * steps[-1].concurrency and sum(step.rate >= HEAVY * full for step in steps) > 1
    ends = min(concurrency, low), max(concurrency, high)
    turns = _turns_in_flight(steps, concurrency)
    extra = {} if turns is None else {"in_flight": turns}
    return Knee(concurrency=concurrency, interval=ends, rate=full, alone=alone, reached=reached, **extra)


def _turns_in_flight(steps: Sequence[Step], concurrency: float) -> float | None:
    """Return the turns in flight at this many conversations, on the line between the two steps beside it."""
    points = sorted((step.concurrency, step.in_flight) for step in steps if step.in_flight is not None)
    below = max((point for point in points if point[0] <= concurrency), default=None)
    above = min((point for point in points if point[0] > concurrency), default=None)
    if below is None or above is None:
        return None
    share = (concurrency - below[0]) / (above[0] - below[0])
    return below[1] + share * (above[1] - below[1])


def _lines(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the throughput of one conversation under light load, and of the saturated server."""
    slopes = [rate / concurrency for concurrency, rate in points]
    rates = [rate for _, rate in points]
    light = median(slope for slope in slopes if slope >= LIGHT * max(slopes))
    return light, median(rate for rate in rates if rate >= HEAVY * max(rates))


def _meeting_point(points: Sequence[tuple[float, float]]) -> float:
    light, heavy = _lines(points)
    return heavy / light


def _redrawn(steps: Sequence[Step], dice: random.Random) -> list[tuple[float, float]]:
    drawn = [(step.concurrency, dice.choices(step.rates, k=len(step.rates))) for step in steps]
    return [(concurrency, max(1e-12, sum(rates) / len(rates))) for concurrency, rates in drawn]
