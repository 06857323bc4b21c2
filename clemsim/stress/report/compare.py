"""The comparison of two stress tests of the same shape: the stages that both have in pairs, B against A."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from math import exp, log

from clemsim.results.intervals import Interval
from clemsim.results.paired_tests import resampled_interval
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.plan import ReportedPlan
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.stress_result import StressResult

RESAMPLES = 2_000
MIN_SAMPLE = 3  # fewer parts or stages give no interval
THROUGHPUT = "output tokens/s"
FIGURES: Mapping[str, Callable[[StageMetrics], float | None]] = {
    THROUGHPUT: lambda stage: stage.output_tokens_per_second,
    "turns/s": lambda stage: stage.turns_per_second,
    "goodput": lambda stage: stage.goodput,
    "TTFT p50": lambda stage: stage.latency.ttft.p50,
    "TTFT p99": lambda stage: stage.latency.ttft.p99,
    "ITL p50": lambda stage: stage.latency.itl.p50,
    "ITL p99": lambda stage: stage.latency.itl.p99,
    "turn p50": lambda stage: stage.latency.turn.p50,
    "turn p99": lambda stage: stage.latency.turn.p99,
}


class FigureRatio(StressResult):
    """A figure of both tests, and B / A; None where there is none."""

    a: float | None
    b: float | None
    ratio: float | None


class ComparedStage(StressResult):
    """A stage that both tests have: every figure, a 95 % interval for the ratio of throughputs, and spoiled metrics."""

    label: str
    figures: Mapping[str, FigureRatio]
    throughput_interval: Interval | None
    spoiled: tuple[str, ...]


class OverallRatio(StressResult):
    """The geometric mean of the ratios of `n` stages; its 95 % interval is None where there are fewer than three."""

    ratio: float | None
    interval: Interval | None
    n: int


class StressComparison(StressResult):
    """Two stress tests side by side.

    `overall` is by figure, empty if no stage is in both tests. `knees` are those of A and B in conversations, None where
    none was reached. `spoiled` names the stages with spoiled metrics. With `same_plan` the two differ in nothing but their
    servers.
    """

    stages: tuple[ComparedStage, ...]
    overall: Mapping[str, OverallRatio]
    knees: tuple[float | None, float | None]
    spoiled: tuple[str, ...]
    same_plan: bool


def compare_reports(first: StressReport, second: StressReport) -> StressComparison:
    """Compare B (`second`) with A (`first`), stage by stage and over all stages that both have."""
    others = {stage.label: stage for stage in second.stages}
    stages = tuple(_compare_stages(stage, others[stage.label]) for stage in first.stages if stage.label in others)
    return StressComparison(
        stages=stages,
        overall={name: _overall([stage.figures[name].ratio for stage in stages]) for name in FIGURES} if stages else {},
        knees=(_concurrency(first), _concurrency(second)),
        spoiled=tuple(stage.label for stage in stages if stage.spoiled),
        same_plan=_without_servers(first.plan) == _without_servers(second.plan),
    )


def _concurrency(report: StressReport) -> float | None:
    return report.knee.concurrency if report.knee and report.knee.reached else None


def _without_servers(plan: ReportedPlan) -> ReportedPlan:
    """Return the part of a plan that must be equal for a comparison of servers."""
    return plan.model_copy(update={"agents": (), "urls": ()})


def _compare_stages(a: StageMetrics, b: StageMetrics) -> ComparedStage:
    return ComparedStage(
        label=a.label,
        figures={name: _figure(value(a), value(b)) for name, value in FIGURES.items()},
        throughput_interval=_ratio_interval(a.rates, b.rates),
        spoiled=tuple(sorted({*a.spoiled, *b.spoiled})),
    )


def _figure(a: float | None, b: float | None) -> FigureRatio:
    return FigureRatio(a=a, b=b, ratio=b / a if a and b else None)


def _ratio_interval(a: Sequence[float], b: Sequence[float]) -> Interval | None:
    """Return a 95 % interval for the ratio of two throughputs, from redrawing the parts of each stage."""
    if min(len(a), len(b)) < MIN_SAMPLE or not sum(a) or not sum(b):
        return None
    dice = random.Random(0)
    return resampled_interval(
        _mean(dice.choices(b, k=len(b))) / max(1e-12, _mean(dice.choices(a, k=len(a)))) for _ in range(RESAMPLES)
    )


def _overall(ratios: Sequence[float | None]) -> OverallRatio:
    """Return the geometric mean of ratios, with an interval from redrawing them."""
    logs = [log(ratio) for ratio in ratios if ratio]
    if not logs:
        return OverallRatio(ratio=None, interval=None, n=0)
    return OverallRatio(ratio=exp(_mean(logs)), interval=_overall_interval(logs), n=len(logs))


def _overall_interval(logs: Sequence[float]) -> Interval | None:
    if len(logs) < MIN_SAMPLE:
        return None
    dice = random.Random(0)
    low, high = resampled_interval(_mean(dice.choices(logs, k=len(logs))) for _ in range(RESAMPLES))
    return exp(low), exp(high)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
