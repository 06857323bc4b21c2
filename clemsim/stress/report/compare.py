"""The comparison of two stress tests of the same shape: the stages that both have in pairs, B against A."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from math import exp, log

from clemsim.results.distributions import t_quantile
from clemsim.results.intervals import Interval
from clemsim.results.paired_tests import resampled_interval
from clemsim.stress.measure.latency import LATENCY_NAMES
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
    """A figure of both tests, and B / A with a 95 % interval; None where there is none. Of repeated tests `a` and `b` are
    geometric means.
    """

    a: float | None
    b: float | None
    ratio: float | None
    interval: Interval | None = None


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


def compare_repeated(first: Sequence[StressReport], second: Sequence[StressReport]) -> StressComparison:
    """Compare repeated tests B with repeated tests A; the intervals are those of differences between whole tests."""
    comparison = compare_reports(first[0], second[0])
    if len(first) == len(second) == 1:
        return comparison
    stages = [_compare_repeated(stage, first, second) for stage in comparison.stages if _in_all(stage, (*first, *second))]
    plans = {_without_servers(report.plan).model_dump_json() for report in (*first, *second)}
    return StressComparison(
        stages=tuple(stages),
        overall={name: _overall([stage.figures[name].ratio for stage in stages]) for name in FIGURES} if stages else {},
        knees=(_mean_knee(first), _mean_knee(second)),
        spoiled=tuple(stage.label for stage in stages if stage.spoiled),
        same_plan=len(plans) == 1,
    )


def _in_all(stage: ComparedStage, reports: Sequence[StressReport]) -> bool:
    return all(any(other.label == stage.label for other in report.stages) for report in reports)


def _mean_knee(reports: Sequence[StressReport]) -> float | None:
    knees = [knee for report in reports if (knee := _concurrency(report)) is not None]
    return _mean(knees) if len(knees) == len(reports) else None


def _compare_repeated(
    compared: ComparedStage, first: Sequence[StressReport], second: Sequence[StressReport]
) -> ComparedStage:
    a, b = ([_stage(report, compared.label) for report in reports] for reports in (first, second))
    figures = {
        name: _repeated_figure([value(stage) for stage in a], [value(stage) for stage in b])
        for name, value in FIGURES.items()
    }
    spoiled = sorted({name for stage in (*a, *b) for name in stage.spoiled})
    interval = figures[THROUGHPUT].interval
    return ComparedStage(label=compared.label, figures=figures, throughput_interval=interval, spoiled=tuple(spoiled))


def _stage(report: StressReport, label: str) -> StageMetrics:
    return next(stage for stage in report.stages if stage.label == label)


def _repeated_figure(a: Sequence[float | None], b: Sequence[float | None]) -> FigureRatio:
    """Return geometric means and their ratio, with Welch's interval of the difference of logarithms (Welch 1947)."""
    logs = [[log(value) for value in values if value] for values in (a, b)]
    if len(logs[0]) < len(a) or len(logs[1]) < len(b):
        return FigureRatio(a=None, b=None, ratio=None)
    (low, high), (mine, other) = _welch(*logs) or (None, None), map(_mean, logs)
    ends = None if low is None or high is None else (exp(low), exp(high))
    return FigureRatio(a=exp(mine), b=exp(other), ratio=exp(other - mine), interval=ends)


def _welch(a: Sequence[float], b: Sequence[float]) -> Interval | None:
    """Return a 95 % interval for mean(b) - mean(a); None where a side has fewer than two values, or nothing varies."""
    if min(len(a), len(b)) < 2:
        return None
    parts = [sum((x - _mean(values)) ** 2 for x in values) / (len(values) - 1) / len(values) for values in (a, b)]
    variance, difference = sum(parts), _mean(b) - _mean(a)
    if not variance:
        return None
    freedom = variance**2 / sum(part**2 / (len(values) - 1) for part, values in zip(parts, (a, b), strict=True))
    half = t_quantile(0.975, freedom) * variance**0.5
    return difference - half, difference + half


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
        figures={name: _figure(value(a), value(b), _interval(name, a, b)) for name, value in FIGURES.items()},
        throughput_interval=_ratio_interval(a.rates, b.rates),
        spoiled=tuple(sorted({*a.spoiled, *b.spoiled})),
    )


def _figure(a: float | None, b: float | None, interval: Interval | None) -> FigureRatio:
    ratio = b / a if a and b else None
    extra = {"interval": interval} if interval and ratio else {}
    return FigureRatio(a=a, b=b, ratio=ratio, **extra)


def _interval(name: str, a: StageMetrics, b: StageMetrics) -> Interval | None:
    """Return an interval for B / A of a figure. Of percentiles it is wide: from the ends of both 95 % intervals."""
    if name == THROUGHPUT:
        return _ratio_interval(a.rates, b.rates)
    latency, _, percent = name.lower().partition(" p")
    if latency not in LATENCY_NAMES or percent not in ("50", "99"):
        return None
    ends = [getattr(stage.latency.named(latency), f"p{percent}_interval") for stage in (a, b)]
    return (ends[1][0] / ends[0][1], ends[1][1] / ends[0][0]) if all(ends) and ends[0][0] and ends[0][1] else None


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
