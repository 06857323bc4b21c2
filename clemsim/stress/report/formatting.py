"""How metrics of a stress test are written: short, with a mark where they are not to be trusted."""

from __future__ import annotations

from clemsim.results.intervals import Interval
from clemsim.stress.measure.latency import LatencyName, Percent
from clemsim.stress.measure.paired_measures import PairedMeasure
from clemsim.stress.measure.server_metrics import BucketBounds
from clemsim.stress.measure.stage_metrics import ModelMetrics, StageMetrics

NONE = "–"
SPOILED, UNBACKED = "*", "?"


def number(value: float | None) -> str:
    """Write a number with at least three digits."""
    if value is None:
        return NONE
    if value == int(value) and value < 1e6:
        return str(int(value))
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """Write a share (0..1) in percent."""
    return NONE if share is None else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def milliseconds(seconds: float | None) -> str:
    """Write seconds in milliseconds."""
    return NONE if seconds is None else number(1000 * seconds)


def throughput(stage: StageMetrics | ModelMetrics, rate: float) -> str:
    """Write a throughput of a stage, or of a model in it, marked where the client spoiled it."""
    return number(rate) + (SPOILED if stage.client_limit else "")


def client_latency(stage: StageMetrics | ModelMetrics, name: LatencyName, which: Percent) -> str:
    """Write a percentile in milliseconds, marked where the client spoiled it or too few samples back it."""
    latency = stage.latency.named(name)
    value = latency.percentile(which)
    if value is None:
        return NONE
    marks = SPOILED if stage.is_spoiled(name, which) else ""
    return milliseconds(value) + marks + (UNBACKED if latency.interval(which) is None else "")


def interval(ends: Interval | None) -> str:
    """Write an interval in milliseconds."""
    return NONE if ends is None else f"{milliseconds(ends[0])}..{milliseconds(ends[1])}"


def bucket(bounds: BucketBounds) -> str:
    """Write the bounds of a server's bucket in milliseconds."""
    low, high = bounds
    return f"{milliseconds(low)}..{milliseconds(high) if high is not None else 'more'}"


def measure_cells(measure: PairedMeasure) -> list[str]:
    """Write a measure of the answers: alone, under load, difference, its 95 % and its joint interval, p."""
    return [
        f"{measure.alone:.4g}",
        f"{measure.loaded:.4g}",
        f"{measure.difference:+.3g}",
        _ends(measure.interval),
        _ends(measure.joint),
        NONE if measure.p is None else f"{measure.p:.2g}",
    ]


def _ends(ends: Interval | None) -> str:
    return NONE if ends is None else f"{ends[0]:+.3g}..{ends[1]:+.3g}"
