"""Latencies as they are reported: means, and percentiles with their intervals."""

from __future__ import annotations

from typing import Literal

from clemsim._util.histogram import Histogram
from clemsim.results.intervals import Interval
from clemsim.stress.stress_result import StressResult

LatencyName = Literal["ttft", "itl", "tpot", "turn", "conversation"]
Percent = Literal[50, 90, 95, 99]
LATENCY_NAMES: tuple[LatencyName, ...] = ("ttft", "itl", "tpot", "turn", "conversation")
PERCENTS: tuple[Percent, ...] = (50, 90, 95, 99)


class Latency(StressResult):
    """`n` values in seconds: their mean, and percentiles with 95 % intervals.

    An interval is None where the sample is too small for one, everything but `n` where there are no values.
    """

    n: int
    mean: float | None
    p50: float | None
    p50_interval: Interval | None
    p90: float | None
    p90_interval: Interval | None
    p95: float | None
    p95_interval: Interval | None
    p99: float | None
    p99_interval: Interval | None

    @classmethod
    def of(cls, histogram: Histogram) -> Latency:
        """Return the latency of all values of a histogram."""
        return cls.model_validate(histogram.percentiles(PERCENTS))

    def percentile(self, percent: Percent) -> float | None:
        """Return one of the percentiles in seconds."""
        seconds: float | None = getattr(self, f"p{percent}")
        return seconds

    def interval(self, percent: Percent) -> Interval | None:
        """Return the 95 % interval of one of the percentiles in seconds."""
        ends: Interval | None = getattr(self, f"p{percent}_interval")
        return ends


class Latencies(StressResult):
    """The latencies of a stage."""

    ttft: Latency
    itl: Latency
    tpot: Latency
    turn: Latency
    conversation: Latency

    def named(self, name: LatencyName) -> Latency:
        """Return the latency with this name."""
        latency: Latency = getattr(self, name)
        return latency
