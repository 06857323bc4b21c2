"""The figures of a stress test, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim._util.extras import library
from clemsim.html.palette import BLUE, INK, ORANGE, PURPLE, SOFT
from clemsim.results.intervals import Z
from clemsim.stress.measure.knee import Knee
from clemsim.stress.measure.latency import LatencyName, Percent
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.report.chart_parts import WIDTH, few_ticks, log_scale, styled, to_data
from clemsim.stress.report.pace_chart import pace_chart, pace_points
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.report.timeline_chart import timeline_chart

HEIGHT, LATENCY_HEIGHT = 300, 190  # pixels of a panel
PERCENTILES: Mapping[Percent, str] = {50: BLUE, 95: ORANGE, 99: PURPLE}
PER_SECOND = "output tokens a second"
LATENCIES: Mapping[LatencyName, str] = {"ttft": "time to first token", "itl": "between tokens", "turn": "whole turn"}


def draw_figures(report: StressReport) -> dict[str, Any]:
    """Return the figures that a report has data for, by name, as Altair charts. Raise UsageError without the extra."""
    check_pictures()
    stages = sorted((stage for stage in report.stages if stage.turns), key=_load)
    charts = {}
    if len(stages) > 1:
        charts["throughput"] = styled(throughput_chart(stages, report.knee))
        charts["latency"] = styled(latency_chart(stages, report.knee))
        if len(points := pace_points(stages)) > 1:
            charts["pace"] = styled(pace_chart(points))
    if len(report.timeline) > 1:
        charts["timeline"] = styled(timeline_chart(report.timeline, report.stages))
    return charts


def _load(stage: StageMetrics) -> float:
    return stage.load


def check_pictures() -> None:
    """Raise UsageError where Altair is missing."""
    for name in ("altair", "vl_convert"):
        library(name, "pictures", "drawing")


def svg(chart: Any) -> str:
    """Return a chart as SVG."""
    import vl_convert  # noqa: PLC0415  (which refuses what is no chart; to check it twice takes seconds)

    return str(vl_convert.vegalite_to_svg(chart.to_dict(validate=False)))


def png(chart: Any) -> bytes:
    """Return a chart as PNG, 144 pixels an inch."""
    import vl_convert  # noqa: PLC0415

    return bytes(vl_convert.vegalite_to_png(chart.to_dict(), ppi=144))


@dataclass(frozen=True, slots=True)
class ThroughputPoint:
    """The throughput of a stage in output tokens a second, with the ends of its 95 % interval."""

    load: float
    rate: float
    low: float
    high: float

    @classmethod
    def of(cls, stage: StageMetrics) -> ThroughputPoint:
        """Return the point of a stage; the interval is that of the mean of its parts (normal approximation)."""
        rates, rate = stage.rates, stage.output_tokens_per_second
        count = len(rates)
        mean = sum(rates) / count if count else rate
        deviation = (sum((part - mean) ** 2 for part in rates) / (count - 1)) ** 0.5 if count > 1 else 0.0
        half = Z * deviation / max(1, count) ** 0.5
        return cls(stage.load, rate, max(0.0, rate - half), rate + half)


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of throughput against the load, and the values that they reach from and to."""

    x: Any
    y: Any
    loads: tuple[float, float]
    rates: tuple[float, float]


def throughput_chart(stages: Sequence[StageMetrics], knee: Knee | None) -> Any:
    """Draw output tokens a second against the load, with 95 % intervals, the two bounds and the knee where they meet.

    Both axes are logarithmic, so that the bounds are straight lines.
    """
    import altair as alt  # noqa: PLC0415

    points = [ThroughputPoint.of(stage) for stage in stages]
    loads = [point.load for point in points]
    rates = min(point.low for point in points if point.low > 0), 1.6 * max(point.high for point in points)
    x_title = "conversations arriving a second (log)" if stages[0].open else "conversations at once (log)"
    y_title = f"{PER_SECOND} (log)"
    ticks = alt.Axis(values=loads, format="~g", grid=False, labelOverlap=True)
    x = alt.X("load:Q", title=x_title, scale=log_scale(loads), axis=ticks)
    y = alt.Y("rate:Q", title=y_title, scale=log_scale(rates), axis=few_ticks())
    base = alt.Chart(to_data(points))
    intervals = base.mark_rule(color=BLUE, strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q", title=y_title), y2="high:Q")
    dots = base.mark_point(filled=True, size=60, color=BLUE, opacity=1).encode(x=x, y=y)
    layers = [base.mark_line(color=BLUE).encode(x=x, y=y), intervals, dots]
    if knee:
        axes = Axes(x, y, (min(loads), max(loads)), rates)
        layers = [*_bounds(knee, axes), *layers, *_knee_mark(knee, axes)]
    subtitle = "dots: stages with 95 % intervals; dashed: the bounds of light and of full load, which meet at the knee"
    title = alt.TitleParams("Throughput against concurrency", subtitle=subtitle)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)


def _bounds(knee: Knee, axes: Axes) -> list[Any]:
    """Draw the two lines that bound throughput: that of light load, and that of the saturated server."""
    import altair as alt  # noqa: PLC0415

    least, most = axes.loads
    rising_end = min(most, axes.rates[1] / knee.alone)
    rising = [{"load": load, "rate": knee.alone * load} for load in (least, rising_end)]
    level = [{"load": load, "rate": knee.rate} for load in (least, most)]
    style: Any = {"color": SOFT, "strokeDash": [5, 4], "strokeWidth": 1.2, "clip": True}
    return [alt.Chart(to_data(line)).mark_line(**style).encode(x=axes.x, y=axes.y) for line in (rising, level)]


def _knee_mark(knee: Knee, axes: Axes) -> list[Any]:
    """Draw the knee, labelled where no line runs: above on its left, or below on its right where the left is too narrow."""
    import altair as alt  # noqa: PLC0415

    if not knee.reached:
        return []
    left = knee.concurrency > (axes.loads[0] * axes.loads[1]) ** 0.5
    label = f"knee: {knee.concurrency:.3g} conversations"
    data = to_data([{"load": knee.concurrency, "label": label, "top": axes.rates[1] if left else axes.rates[0]}])
    style: Any = {"align": "right", "dx": -6, "dy": 10} if left else {"align": "left", "dx": 6, "dy": -4}
    text = alt.Chart(data).mark_text(color=PURPLE, fontSize=12, baseline="top", **style)
    rule = alt.Chart(data).mark_rule(color=PURPLE, strokeWidth=1.5).encode(x=axes.x)
    return [rule, text.encode(x=axes.x, y=alt.Y("top:Q"), text="label:N")]


@dataclass(frozen=True, slots=True)
class LatencyPoint:
    """A percentile of a stage: the stage's throughput, milliseconds, the percentile's name, and the stage's index."""

    rate: float
    ms: float
    which: str
    order: int


@dataclass(frozen=True, slots=True)
class LatencyLabel:
    """The load of a stage, written at its p50."""

    rate: float
    ms: float
    label: str


def latency_chart(stages: Sequence[StageMetrics], knee: Knee | None) -> Any:
    """Draw latencies against throughput: each point is a stage, labelled with its load."""
    import altair as alt  # noqa: PLC0415

    names = [name for name in LATENCIES if any(stage.latency.named(name).p50 for stage in stages)]
    panels = [_latency_panel(stages, name, knee, last=name == names[-1]) for name in names]
    subtitle = "each point a stage, named by its load; dashed: the most that the server gives"
    return alt.vconcat(*panels, title=alt.TitleParams("Latency against throughput", subtitle=subtitle), spacing=12)


def _latency_panel(stages: Sequence[StageMetrics], name: LatencyName, knee: Knee | None, *, last: bool) -> Any:
    """Draw the panel of one latency; only the `last` one has numbers on its throughput axis."""
    import altair as alt  # noqa: PLC0415

    points = _latency_points(stages, name)
    widest = 1.08 * max(point.rate for point in points)
    axis = alt.Axis(title=PER_SECOND) if last else alt.Axis(title=None, labels=False, ticks=False)
    x = alt.X("rate:Q", scale=alt.Scale(domain=[0, widest], nice=False), axis=axis)
    scale = log_scale([point.ms for point in points], 1.6)
    y = alt.Y("ms:Q", title=f"{LATENCIES[name]} (ms, log)", scale=scale, axis=few_ticks())
    colours = alt.Scale(domain=[f"p{percent}" for percent in PERCENTILES], range=list(PERCENTILES.values()))
    base = alt.Chart(to_data(points)).encode(x=x, y=y, color=alt.Color("which:N", title=None, scale=colours))
    layers = [base.mark_line().encode(order="order:Q"), base.mark_point(filled=True, size=45, opacity=1)]
    if knee and knee.reached:
        most = alt.Chart(to_data([{"rate": knee.rate}])).mark_rule(color=SOFT, strokeDash=[5, 4])
        layers.insert(0, most.encode(x=x))
    labels = _latency_labels(stages, name)
    edge = 0.08 * widest  # beside the axis there is room on the right of a point only
    for marks in (
        _label_marks([label for label in labels if label.rate < edge], "left", 5),
        _label_marks([label for label in labels if label.rate >= edge], "right", -6),
    ):
        layers.append(marks.encode(x=x, y=y, text="label:N"))
    return alt.layer(*layers).properties(width=WIDTH, height=LATENCY_HEIGHT)


def _latency_points(stages: Sequence[StageMetrics], name: LatencyName) -> list[LatencyPoint]:
    return [
        LatencyPoint(stage.output_tokens_per_second, 1000 * seconds, f"p{percent}", order)
        for order, stage in enumerate(stages)
        for percent in PERCENTILES
        if (seconds := stage.latency.named(name).percentile(percent))
    ]


def _label_marks(labels: Sequence[LatencyLabel], align: str, shift: int) -> Any:
    import altair as alt  # noqa: PLC0415

    style: Any = {"align": align, "dx": shift, "dy": 11, "fontSize": 10, "color": INK}
    return alt.Chart(to_data(labels)).mark_text(**style)


def _latency_labels(stages: Sequence[StageMetrics], name: LatencyName) -> list[LatencyLabel]:
    """Return the labels of as many stages as there is room for."""
    fastest = max(stage.output_tokens_per_second for stage in stages) or 1.0
    taken: list[tuple[float, float]] = []
    labels = []
    for stage in stages:
        seconds = stage.latency.named(name).p50
        place = stage.output_tokens_per_second / fastest
        if seconds and all(abs(place - x) > 0.035 or not 0.7 < seconds / y < 1.4 for x, y in taken):
            taken.append((place, seconds))
            labels.append(LatencyLabel(stage.output_tokens_per_second, 1000 * seconds, stage.label))
    return labels
