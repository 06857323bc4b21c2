"""The timeline of a stress test, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.html.palette import BLUE, GREEN, LINE, ORANGE, PURPLE, SOFT
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.measure.timeline import TimelineRow
from clemsim.stress.report.chart_parts import WIDTH, log_scale, to_data

HEIGHT = 110  # pixels of a panel
MIN_OUTAGE = 2.5  # seconds; a shorter one is a reading or two that came late
MAX_SECONDS = 300  # a longer test is drawn in minutes


@dataclass(frozen=True, slots=True)
class TimelineCurve:
    """One curve of a panel, and the value that it shows of a row."""

    name: str
    colour: str
    value: Callable[[TimelineRow], float | None]


@dataclass(frozen=True, slots=True)
class TimelinePanel:
    """One panel: the title of its axis, its curves, the factor of their values, and the format of its numbers."""

    title: str
    curves: Sequence[TimelineCurve]
    factor: float = 1
    number_format: str = ""  # empty: plain numbers

    @property
    def logarithmic(self) -> bool:
        """Return whether the axis is logarithmic."""
        return "log" in self.title

    def is_empty(self, rows: Sequence[TimelineRow]) -> bool:
        """Return whether nothing happened: every value is missing or 0."""
        return not any(curve.value(row) for row in rows for curve in self.curves)


PANELS = (
    TimelinePanel("output tokens/s", [TimelineCurve("output tokens/s", BLUE, lambda row: row.output_tokens_per_second)]),
    TimelinePanel(
        "client",
        [
            TimelineCurve("conversations", SOFT, lambda row: row.under_way),
            TimelineCurve("turns in flight", BLUE, lambda row: row.in_flight),
        ],
    ),
    TimelinePanel(
        "TTFT (ms, log)",
        [
            TimelineCurve("TTFT p50", BLUE, lambda row: row.ttft_p50),
            TimelineCurve("TTFT p99", PURPLE, lambda row: row.ttft_p99),
        ],
        factor=1000,
        number_format="~s",
    ),
    TimelinePanel("client", [TimelineCurve("failed turns", PURPLE, lambda row: row.errors)]),
    TimelinePanel(
        "server",
        [
            TimelineCurve("running", GREEN, lambda row: row.server_running),
            TimelineCurve("waiting", ORANGE, lambda row: row.server_waiting),
        ],
    ),
    TimelinePanel(
        "server",
        [
            TimelineCurve("KV cache in use", GREEN, lambda row: row.server_kv_usage),
            TimelineCurve("prefix hits", ORANGE, lambda row: row.server_prefix_hit_share),
        ],
        number_format="~%",
    ),
    TimelinePanel("server", [TimelineCurve("preemptions", PURPLE, lambda row: row.server_preemptions)]),
    TimelinePanel("client", [TimelineCurve("CPU of a core", BLUE, lambda row: row.client_cpu)], number_format="~%"),
    TimelinePanel("client (ms)", [TimelineCurve("loop lag p99", ORANGE, lambda row: row.client_lag_p99)], factor=1000),
)


def timeline_chart(rows: Sequence[TimelineRow], stages: Sequence[StageMetrics]) -> Any:
    """Draw what happened over time, the server's metrics among the client's.

    Panels in which nothing happened are left out. A line marks where the measured part of each stage begins.
    """
    import altair as alt  # noqa: PLC0415

    unit, name = (60, "minutes") if rows[-1].at > MAX_SECONDS else (1, "seconds")
    end = (rows[-1].at + rows[-1].seconds / 2) / unit
    begins = to_data([{"at": stage.begin / unit, "label": stage.label} for stage in stages])
    gone = [{name: at / unit for name, at in span.items()} for span in outages(rows)]
    shade = alt.Chart(to_data(gone)).mark_rect(color=LINE)
    shown = [panel for panel in PANELS if not panel.is_empty(rows)]
    panels = []
    for number, panel in enumerate(shown):
        last = number == len(shown) - 1
        axis = alt.Axis(labels=last, ticks=last, title=f"{name} since the beginning" if last else None)
        scale = alt.Scale(domain=[0, end], nice=False)
        x = alt.X("at:Q", scale=scale, axis=axis)
        layers = [shade.encode(x=alt.X("begin:Q", scale=scale, axis=axis), x2="end:Q")] if gone else []
        layers += [alt.Chart(begins).mark_rule(color=SOFT, strokeDash=[2, 2]).encode(x=x)]
        layers += [curves.encode(x=x) for curves in _curves(panel, rows, unit)]
        if number == 0:
            text = alt.Chart(begins).mark_text(align="left", dx=3, fontSize=9, color=SOFT, baseline="top")
            layers.append(text.encode(x=x, y=alt.value(-12), text="label:N"))
        panels.append(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))
    subtitle = "dotted lines: where the measured part of each stage begins, named by its load"
    subtitle += "; grey: the server reported nothing" if gone else ""
    title = alt.TitleParams("Over time", subtitle=subtitle, offset=16)
    return alt.vconcat(*panels, title=title, spacing=8).resolve_scale(color="independent")


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """A value of a curve at a time, in the unit of the time axis."""

    at: float
    value: float
    what: str
    part: int  # of the curve; it is broken where values are missing


def _curves(panel: TimelinePanel, rows: Sequence[TimelineRow], unit: float) -> Sequence[Any]:
    """Draw the curves of a panel, without its time axis: lines, and dots for values that stand alone."""
    import altair as alt  # noqa: PLC0415

    points = [point for curve in panel.curves for point in _points(panel, curve, rows, unit)]
    scale = log_scale([point.value for point in points], 1.6) if panel.logarithmic else alt.Scale(zero=True)
    number_format: Any = {"format": panel.number_format} if panel.number_format else {}
    axis = alt.Axis(tickCount=4, titleFontSize=11, **number_format)
    y = alt.Y("value:Q", title=panel.title, scale=scale, axis=axis)
    colours = alt.Scale(domain=[curve.name for curve in panel.curves], range=[curve.colour for curve in panel.curves])
    colour = alt.Color("what:N", title=None, scale=colours)
    lines = alt.Chart(to_data(points)).mark_line(strokeWidth=1.4).encode(y=y, color=colour, detail="part:N")
    counts = Counter((point.what, point.part) for point in points)
    alone = [point for point in points if counts[point.what, point.part] == 1]
    dots = alt.Chart(to_data(alone)).mark_point(filled=True, size=8, opacity=1).encode(y=y, color=colour)
    return (lines, dots) if alone else (lines,)


def _points(panel: TimelinePanel, curve: TimelineCurve, rows: Sequence[TimelineRow], unit: float) -> Iterator[TimelinePoint]:
    """Yield the values of a curve; a missing one begins another part of it."""
    part = 0
    for row in rows:
        value = curve.value(row)
        if value is None:
            part += 1
        elif value > 0 or not panel.logarithmic:
            yield TimelinePoint(row.at / unit, panel.factor * value, curve.name, part)


def outages(rows: Sequence[TimelineRow]) -> list[dict[str, float]]:
    """Return from when to when the server reported nothing of itself, in seconds; empty if it never did."""
    spans: list[dict[str, float]] = []
    if all(row.server_running is None for row in rows):
        return spans
    for row in rows:
        if row.server_running is None:
            begin, end = row.at - row.seconds / 2, row.at + row.seconds / 2
            if spans and begin - spans[-1]["end"] < row.seconds / 2:
                spans[-1]["end"] = end
            else:
                spans.append({"begin": begin, "end": end})
    return [span for span in spans if span["end"] - span["begin"] >= MIN_OUTAGE]
