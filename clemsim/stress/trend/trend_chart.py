"""The picture of a trend, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any

from clemsim.html.palette import BLUE, GREEN, INK, LINE, ORANGE, PURPLE, SOFT
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.report.chart_parts import WIDTH, log_scale, to_data
from clemsim.stress.trend.trend import Trend, TrendEntry

HEIGHT = 110  # pixels of a panel
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)  # as many loads are drawn
ROOM = 1.3  # factor beyond the values at both ends of a logarithmic axis
MIN_TICKS = 3
DASHES = {"p50": [1, 0], "p99": [4, 3]}


@dataclass(frozen=True, slots=True)
class TrendFigure:
    """A figure of the stages of a report; `curve` is the percentile that it is, if it is one of two in its panel."""

    value: Callable[[StageMetrics], float | None]
    curve: str = "p50"
    spoiled: str = ""  # the name of the figure among those that a client spoils


@dataclass(frozen=True, slots=True)
class TrendPanel:
    """A panel: the title of its axis, its figures, the factor of their values and the format of its numbers."""

    title: str
    figures: Sequence[TrendFigure]
    factor: float = 1
    number_format: str = "~s"

    @property
    def logarithmic(self) -> bool:
        """Return whether the axis is logarithmic."""
        return "log" in self.title


PANELS = (
    TrendPanel("output tokens/s", [TrendFigure(lambda stage: stage.output_tokens_per_second, spoiled="throughput")]),
    TrendPanel(
        "TTFT (ms, log)",
        [
            TrendFigure(lambda stage: stage.latency.ttft.p50, "p50", "ttft p50"),
            TrendFigure(lambda stage: stage.latency.ttft.p99, "p99", "ttft p99"),
        ],
        factor=1000,
    ),
    TrendPanel(
        "TPOT (ms, log)",
        [
            TrendFigure(lambda stage: stage.latency.tpot.p50, "p50"),
            TrendFigure(lambda stage: stage.latency.tpot.p99, "p99"),
        ],
        factor=1000,
    ),
    TrendPanel("turns failed", [TrendFigure(lambda stage: stage.error_share)], number_format="~%"),
    TrendPanel("SLO kept", [TrendFigure(lambda stage: stage.slo_share)], number_format="~%"),
)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A figure of a report. `part` numbers the stretches of its line, which is broken where reports are not comparable."""

    at: str
    value: float
    load: str
    curve: str
    part: str
    hollow: bool


def drawn_loads(loads: Sequence[str]) -> Sequence[str]:
    """Return as many of the loads as there are colours: the first, the last, and those between at even distances."""
    most = len(COLOURS)
    if len(loads) <= most:
        return loads
    return [loads[round(number * (len(loads) - 1) / (most - 1))] for number in range(most)]


def trend_chart(trend: Trend) -> Any:
    """Draw the figures of a trend over time, a line for each of a few loads.

    Lines are broken where a figure is missing, after a long gap, and where the configuration changed, which a numbered rule
    marks; a cross marks a report without a figure, a hollow dot one that the client has spoiled.
    """
    import altair as alt  # noqa: PLC0415

    loads = drawn_loads(trend.loads)
    shown = [panel for panel in PANELS if any(point.value for point in _points(panel, trend, loads))]
    knees = list(_knees(trend))
    marks = [{"at": _at(entry), "number": str(number)} for number, entry in changed(trend)]
    gaps = [{"begin": _at(before), "end": _at(entry)} for before, entry in pairwise(trend.entries) if entry.after_gap]
    ends = [_at(trend.entries[0]), _at(trend.last)]
    drawn = [_panel(panel, trend, loads) for panel in shown] + ([_knee_panel(knees)] if knees else [])
    panels = []
    for number, layers in enumerate(drawn):
        last = number == len(drawn) - 1
        axis = alt.Axis(labels=last, ticks=last, title="begin of the test (UTC)" if last else None, labelOverlap=True)
        scale = alt.Scale(type="utc", domain=ends, padding=12, nice=False)
        x = alt.X("at:T", scale=scale, axis=axis)
        shade = alt.Chart(to_data(gaps)).mark_rect(color=LINE).encode(x=alt.X("begin:T", scale=scale, axis=axis), x2="end:T")
        rules = alt.Chart(to_data(marks)).mark_rule(color=SOFT, strokeDash=[2, 2]).encode(x=x)
        text = alt.Chart(to_data(marks)).mark_text(fontSize=10, color=INK, baseline="bottom")
        named = [text.encode(x=x, y=alt.value(-2), text="number:N")] if marks and number == 0 else []
        below = [*([shade] if gaps else []), *([rules] if marks else [])]
        panels.append(
            alt.layer(*below, *(layer.encode(x=x) for layer in layers), *named).properties(width=WIDTH, height=HEIGHT)
        )
    subtitle = "solid: p50; dashed: p99; hollow: the client's own doing; ×: no figure"
    subtitle += "; numbered: the configuration changed" if marks else ""
    subtitle += "; grey: a long time without a test" if gaps else ""
    title = alt.TitleParams("Over time, by load", subtitle=subtitle, offset=14)
    return alt.vconcat(*panels, title=title, spacing=8)


def changed(trend: Trend) -> Iterator[tuple[int, TrendEntry]]:
    """Yield the reports whose configuration is not that of the one before, each with its number in picture and table."""
    yield from enumerate((entry for entry in trend.entries if entry.changes), 1)


def _at(entry: TrendEntry) -> str:
    return entry.begun.isoformat()


def _points(panel: TrendPanel, trend: Trend, loads: Sequence[str]) -> Iterator[TrendPoint]:
    for figure in panel.figures:
        for load in loads:
            part = 0
            for entry in trend.entries:
                part += bool(entry.changes) or entry.after_gap
                stage = entry.stages.get(load)
                value = figure.value(stage) if stage else None
                if value is None or stage is None or (panel.logarithmic and value <= 0):
                    part += 1
                    continue
                hollow = figure.spoiled in stage.spoiled
                line = f"{load} {figure.curve} {part}"
                yield TrendPoint(_at(entry), panel.factor * value, load, figure.curve, line, hollow)


def log_ticks(values: Sequence[float]) -> list[float]:
    """Return few round values for a logarithmic axis of all values, two or more unless they are equal."""
    low, high = min(values) / ROOM, max(values) * ROOM
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        ticks = [step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high]
        if len(ticks) >= MIN_TICKS:
            break
    return ticks


def _panel(panel: TrendPanel, trend: Trend, loads: Sequence[str]) -> list[Any]:
    """Return the layers of a panel, without their time axis."""
    import altair as alt  # noqa: PLC0415

    points = list(_points(panel, trend, loads))
    values = [point.value for point in points]
    scale = log_scale(values, ROOM) if panel.logarithmic else alt.Scale(zero=True)
    ticks: Any = {"values": log_ticks(values)} if panel.logarithmic else {"tickCount": 4}
    y = alt.Y("value:Q", title=panel.title, scale=scale, axis=alt.Axis(format=panel.number_format, **ticks))
    colours = alt.Scale(domain=list(loads), range=list(COLOURS[: len(loads)]))
    colour = alt.Color("load:N", title="load", scale=colours)
    dash = alt.StrokeDash("curve:N", legend=None, scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())))
    lines = alt.Chart(to_data(points)).mark_line(strokeWidth=1.4).encode(y=y, color=colour, strokeDash=dash, detail="part:N")
    layers = [lines]
    for hollow in (False, True):
        if some := [point for point in points if point.hollow == hollow]:
            fill: Any = {"fill": "white"} if hollow else {"filled": True}
            layers.append(alt.Chart(to_data(some)).mark_point(size=26, opacity=1, **fill).encode(y=y, color=colour))
    having = Counter(point.at for point in points)
    wanted = len(panel.figures) * len(loads)
    if lacking := [{"at": _at(entry)} for entry in trend.entries if having[_at(entry)] < wanted]:
        cross = alt.Chart(to_data(lacking)).mark_text(text="×", color=SOFT, fontSize=13, baseline="bottom")
        layers.append(cross.encode(y=alt.value(HEIGHT)))
    return layers


def _knees(trend: Trend) -> Iterator[dict[str, object]]:
    part = 0
    for entry in trend.entries:
        part += bool(entry.changes) or entry.after_gap
        knee = entry.report.knee
        if knee is None or not knee.reached:
            part += 1
            continue
        low, high = knee.interval
        yield {"at": _at(entry), "value": knee.concurrency, "low": low, "high": high, "part": part}


def _knee_panel(knees: Sequence[dict[str, object]]) -> list[Any]:
    """Return the layers of the panel of the knee with its 95 % intervals, without their time axis."""
    import altair as alt  # noqa: PLC0415

    base = alt.Chart(to_data(knees))
    scale, axis = alt.Scale(zero=True), alt.Axis(tickCount=4, format="~s")
    y = alt.Y("value:Q", title="knee", scale=scale, axis=axis)
    return [
        base.mark_line(color=SOFT, strokeWidth=1.4).encode(y=y, detail="part:N"),
        base.mark_rule(color=SOFT).encode(y=alt.Y("low:Q", title="knee", scale=scale, axis=axis), y2="high:Q"),
        base.mark_point(filled=True, size=26, color=SOFT, opacity=1).encode(y=y),
    ]
