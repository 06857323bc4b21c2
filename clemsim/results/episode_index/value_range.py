"""Ranges of numbers as users write them: `20..50`, `20..`, `..50`, or one number."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Self

from clemsim.errors import UsageError

BETWEEN = ".."


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The numbers from `low` to `high`, both included; None: no limit."""

    low: float | None = None
    high: float | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None

    def __str__(self) -> str:
        if self.low == self.high:
            return _written(self.low)
        return f"{_written(self.low)}{BETWEEN}{_written(self.high)}"

    @classmethod
    def parse(cls, name: str, text: str) -> Self:
        """Return the range that a user has written. Raises UsageError that names it."""
        low, between, high = text.strip().partition(BETWEEN)
        limits = [_number(name, text, each) for each in ((low, high) if between else (low, low))]
        made = cls(*limits)
        if made.low is not None and made.high is not None and made.low > made.high:
            raise UsageError(f"{name} {text}: nothing lies between them, give the lower number first")
        return made


def _number(name: str, text: str, part: str) -> float | None:
    if not part.strip():
        return None
    try:
        value = float(part)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise UsageError(f"{name} {text!r}: give a number or a range, such as 20{BETWEEN}50, 20{BETWEEN} or {BETWEEN}50")
    return value


def _written(value: float | None) -> str:
    return "" if value is None else repr(value).removesuffix(".0")


UNLIMITED = ValueRange()
