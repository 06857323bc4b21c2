"""How figures of a stress test are written: short, with a mark where they are not to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "–"
SPOILED, UNBACKED = "*", "?"


def number(value: float | None) -> str:
    """Three digits or more."""
    if value is None:
        return NONE
    if value == int(value) and value < 1e6:
        return str(int(value))
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """A share (0..1) in percent."""
    return NONE if share is None else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def milliseconds(seconds: float | None) -> str:
    """Seconds in milliseconds."""
    return NONE if seconds is None else number(1000 * seconds)


def client_figure(stage: Mapping[str, Any], name: str, which: int) -> str:
    """A percentile of a stage in milliseconds, marked where the client spoiled it or too few samples back it."""
    latency = stage["latency"][name]
    value = latency[f"p{which}"]
    if value is None:
        return NONE
    marks = SPOILED if f"{name} p{which}" in stage["spoiled"] else ""
    return milliseconds(value) + marks + (UNBACKED if latency[f"p{which}_interval"] is None else "")


def interval(latency: Mapping[str, Any], which: int) -> str:
    """The 95 % interval of a percentile in milliseconds."""
    ends = latency[f"p{which}_interval"]
    return NONE if ends is None else f"{milliseconds(ends[0])}..{milliseconds(ends[1])}"


def bucket(bounds: tuple[float | None, float | None] | None) -> str:
    """The bounds of a server's bucket in milliseconds."""
    if bounds is None:
        return NONE
    low, high = bounds
    return f"{milliseconds(low)}..{milliseconds(high) if high is not None else 'more'}"
