"""Where a function of one number is 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

CLOSE = 1e-9  # a value that counts as 0
STEPS = 80
LONGER = 1.6  # how much longer each step is until the root is passed


class Spot(NamedTuple):
    """A number, and the value of the function there."""

    x: float
    y: float


def rising_root(function: Callable[[float], float], start: Spot, step: float) -> float:
    """Return where a function that rises is 0, begun at `start` with a step (not 0) towards the root."""
    last = start
    for _ in range(STEPS):
        if abs(last.y) < CLOSE:
            return last.x
        x = last.x + step
        point = Spot(x, function(x))
        if (point.y > 0) != (last.y > 0):
            return root_between(function, last, point)
        last, step = point, step * LONGER
    return last.x


def root_between(function: Callable[[float], float], first: Spot, second: Spot) -> float:
    """Return where a function is 0 between two points at which its signs differ (Illinois method: Dowell and Jarratt
    1971).
    """
    for _ in range(STEPS):
        x = (first.x * second.y - second.x * first.y) / (second.y - first.y)
        point = Spot(x, function(x))
        if abs(point.y) < CLOSE or abs(second.x - first.x) < CLOSE * max(1.0, abs(x)):
            return x
        first = Spot(first.x, first.y / 2) if (point.y > 0) == (second.y > 0) else second
        second = point
    return second.x
