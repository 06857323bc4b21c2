"""Durations and shares as the command line writes them: `80ms`, `1.5s`, `2m`, `8h`; `95%`, `0.95`."""

from __future__ import annotations

import re

from clemsim.errors import UsageError

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(us|ms|s|min|m|h|)")


def parse_duration(text: str, option: str) -> float:
    """Return the seconds of a duration; a bare number is seconds. Raise UsageError that names the `option` if it is none."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{option} {text}: give a time such as 500ms, 5s, 2m or 8h")
    return float(match[1]) * _UNITS[match[2]]


def parse_positive_duration(text: str, option: str) -> float:
    """Return the seconds of a duration above 0. Raise UsageError that names the `option` otherwise."""
    seconds = parse_duration(text, option)
    if seconds <= 0:
        raise UsageError(f"{option} {text}: give a time above 0")
    return seconds


def parse_share(text: str, option: str) -> float:
    """Return a share above 0 and up to 1, written as `95%` or `0.95`. Raise UsageError that names the `option` otherwise."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(%?)", text.strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"{option} {text}: give a share such as 95% or 0.95")
    return share
