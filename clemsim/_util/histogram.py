"""Latencies by size class: any number of them in little memory, and percentiles with their sample sizes and intervals.

A class is 0.5 % wide and stands for its geometric middle, so that no percentile is off by more than 0.25 %.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import comb, exp, log
from typing import Any
from zlib import compress, decompress

WIDTH = log(1.005)
LEAST = 1e-6  # seconds; shorter values count as this
PERCENTILES = (50, 90, 95, 99)
UNSURE = 0.05  # how often an interval may miss its percentile


class Histogram:
    """Counts of values > 0 by class; mean and extremes are exact."""

    __slots__ = ("_classes", "_packed", "count", "greatest", "least", "sum")

    def __init__(self) -> None:
        self._classes: dict[int, int] = {}
        self._packed = b""  # more classes, and how often each was seen
        self.count = 0
        self.sum = 0.0
        self.least = float("inf")
        self.greatest = 0.0

    def add(self, value: float) -> None:
        """Add a value in seconds."""
        value = value if value > LEAST else LEAST
        class_ = int(log(value / LEAST) / WIDTH)  # below 2**16 up to 1e130 seconds
        self._classes[class_] = self._classes.get(class_, 0) + 1
        self.count += 1
        self.sum += value
        if value < self.least:
            self.least = value
        if value > self.greatest:
            self.greatest = value

    def merge(self, other: Histogram) -> None:
        """Add all values of another histogram."""
        for counts in (other._classes.items(), other._unpacked()):
            for class_, count in counts:
                self._classes[class_] = self._classes.get(class_, 0) + count
        self.count += other.count
        self.sum += other.sum
        self.least = min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)

    def pack(self) -> None:
        """Take up little memory, about a twentieth, until values are added again."""
        if self._classes:
            counts = self._counts()
            steps = array(
                "H", (class_ - before for (class_, _), (before, _) in zip(counts, [(0, 0), *counts], strict=False))
            )
            self._packed = compress(steps.tobytes() + array("Q", (count for _, count in counts)).tobytes(), 1)
            self._classes = {}

    def _unpacked(self) -> Iterator[tuple[int, int]]:
        """Return the classes that are packed, in ascending order, and how often each was seen."""
        if not self._packed:
            return iter(())
        data, steps, counts = decompress(self._packed), array("H"), array("Q")
        border = len(data) * steps.itemsize // (steps.itemsize + counts.itemsize)
        steps.frombytes(data[:border])
        counts.frombytes(data[border:])
        return zip(accumulate(steps), counts, strict=True)

    def _counts(self) -> list[tuple[int, int]]:
        """Return how often each class was seen, in ascending order."""
        counts = dict(self._unpacked())
        for class_, count in self._classes.items():
            counts[class_] = counts.get(class_, 0) + count
        return sorted(counts.items())

    @property
    def mean(self) -> float | None:
        """The mean of all values; None where nothing was counted."""
        return self.sum / self.count if self.count else None

    def percentile(self, percent: float) -> float | None:
        """Return the least value that `percent` % of all values do not exceed; None where nothing was counted."""
        rank = max(1, -int(-percent * self.count // 100))
        return self._ranked([rank])[0] if self.count else None

    def percentiles(self, percents: Iterable[int] = PERCENTILES) -> dict[str, Any]:
        """Return mean and percentiles in seconds with `n`, the sample size, and a 95 % interval for each percentile (None
        where the sample is too small for one).
        """
        data: dict[str, Any] = {"n": self.count, "mean": self.mean}
        for percent in percents:
            ends = ranks(self.count, percent)
            data[f"p{percent}"] = self.percentile(percent)
            data[f"p{percent}_interval"] = self._ranked(ends) if ends else None
        return data

    def _ranked(self, wanted_ranks: Iterable[int]) -> list[float]:
        """Return the values with these ranks, which count from 1 and are in ascending order."""
        values, seen = list[float](), 0
        classes = iter(self._counts())
        class_ = 0
        for rank in wanted_ranks:
            while seen < rank:
                class_, count = next(classes)
                seen += count
            middle = LEAST * exp((class_ + 0.5) * WIDTH)
            values.append(min(self.greatest, max(self.least, middle)))
        return values


def ranks(count: int, percent: float) -> tuple[int, int] | None:
    """Return ranks between whose values a percentile lies with 95 % confidence, whatever the distribution (order statistics;
    Hahn and Meeker 1991, section 5.2); None where even the whole sample is too small for that.
    """
    share = percent / 100
    if max(share, 1 - share) ** count > UNSURE / 2:
        return None
    if count > 1000:  # the normal approximation is good to a rank
        middle, spread = share * count, 1.96 * (count * share * (1 - share)) ** 0.5
        return max(1, int(middle - spread)), min(count, int(middle + spread) + 2)
    below, low, high = 0.0, 1, count
    for successes in range(count + 1):
        below += comb(count, successes) * share**successes * (1 - share) ** (count - successes)
        if below <= UNSURE / 2:
            low = successes + 1
        if below >= 1 - UNSURE / 2:
            high = min(count, successes + 1)
            break
    return low, high
