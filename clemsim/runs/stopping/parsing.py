"""Reads the text of a stopping rule."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clemsim.errors import UsageError
from clemsim.runs.stopping.criteria import METRICS, Better, Criterion, Equivalent, Narrow, Shape

_NARROW = re.compile(r"\s*ci\(\s*(?P<metric>\w+)\s*(?:,\s*(?P<arena>[\w-]+)\s*)?\)\s*<\s*(?P<width>[0-9.]+)\s*")
_EQUIVALENT = re.compile(r"\s*\|\s*(?P<pair>.+?-.+?)\s*\|\s*<\s*(?P<margin>[0-9.]+)\s*")
_BETTER = re.compile(r"\s*(?P<first>\S.*?)\s*(?P<sign>[<>])\s*(?P<second>\S.*?)\s*")

FORMS = "'A > B', '|A - B| < 5', 'ci(clemscore) < 20', 'ci(worth) < 10' or 'ci(quality, taboo) < 30'"


def parse(text: str, shape: Shape) -> Criterion:
    """Return the criterion of a run of this shape. Raises UsageError."""
    if match := _NARROW.fullmatch(text):
        return _narrow(match["metric"], match["arena"], _points(match["width"], "width"), shape)
    if match := _EQUIVALENT.fullmatch(text):
        pair = _both(*_halves(match["pair"], shape.casts), shape.casts)
        return Equivalent(*pair, _points(match["margin"], "margin"), shape)
    if match := _BETTER.fullmatch(text):
        first, second = _both(match["first"], match["second"], shape.casts)
        return Better(first, second, shape) if match["sign"] == ">" else Better(second, first, shape)
    raise UsageError(f"--stop-when {text}: give {FORMS}")


def _narrow(metric: str, arena: str | None, width: float, shape: Shape) -> Criterion:
    if metric not in METRICS:
        raise UsageError(f"--stop-when: there is no {metric!r}: choose one of {', '.join(METRICS)}")
    if arena and arena not in shape.sizes:
        raise UsageError(f"--stop-when: the run does not play {arena!r}: choose one of {', '.join(shape.sizes)}")
    return Narrow(metric, width, shape.only(arena) if arena else shape)


def _both(first: str, second: str, casts: Sequence[str]) -> tuple[str, str]:
    """Return the names of two different casts."""
    for name in (first, second):
        if name not in casts:
            raise UsageError(f"--stop-when: no agent is called {name!r}: name two of {', '.join(casts)}")
    if first == second:
        raise UsageError(f"--stop-when: {first} cannot be compared with itself")
    return first, second


def _halves(pair: str, casts: Sequence[str]) -> tuple[str, str]:
    """Return the two names around a minus, which may be part of a name too."""
    parts = pair.split("-")
    halves = [("-".join(parts[:at]).strip(), "-".join(parts[at:]).strip()) for at in range(1, len(parts))]
    return next((both for both in halves if set(both) <= set(casts)), halves[0])


def _points(text: str, name: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = 0.0
    if not 0 < points <= 100:
        raise UsageError(f"--stop-when: {text} is no {name}: give points between 0 and 100")
    return points
