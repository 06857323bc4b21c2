"""The figures of a stress test, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clemsim._util.extras import library
from clemsim.results.intervals import Z

WIDTH, HEIGHT, SLIM = 640, 300, 110  # pixels of a panel
LONG = 300  # seconds; a longer test is drawn in minutes
BLUE, ORANGE, GREEN, RED, GREY = "#2f6db3", "#d9822b", "#3a8f5c", "#c23b3b", "#7a7a7a"
PERCENTILES = {"p50": BLUE, "p95": ORANGE, "p99": RED}
PER_SECOND = "output tokens a second"
NAMES = {"ttft": "time to first token", "itl": "between tokens", "turn": "whole turn"}

Rows = Sequence[Mapping[str, Any]]


def figures(report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that a report has data for, by name, as Altair charts. Raises UsageError where the extra is missing."""
    check_pictures()
    stages = [each for each in report["stages"] if each["turns"]]
    found = {}
    if len(stages) > 1:
        found["throughput"] = _dressed(throughput(stages, report["knee"]))
        found["latency"] = _dressed(latency(stages, report["knee"]))
    if len(report["timeline"]) > 1:
        found["timeline"] = _dressed(timeline(report["timeline"], report["stages"]))
    return found


def check_pictures() -> None:
    """Raise UsageError where Altair is missing."""
    for name in ("altair", "vl_convert"):
        library(name, "pictures", "drawing")


def svg(chart: Any) -> str:
    """A chart as a drawing."""
    import vl_convert  # noqa: PLC0415

    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def png(chart: Any) -> bytes:
    """A chart as a picture."""
    import vl_convert  # noqa: PLC0415

    return bytes(vl_convert.vegalite_to_png(chart.to_dict(), ppi=144))


def throughput(stages: Rows, knee: Mapping[str, Any] | None) -> Any:
    """Output tokens a second against the load, with 95 % intervals, the two bounds and the knee where they meet. Both axes
    are logarithmic, so that the bounds are straight.
    """
    import altair as alt  # noqa: PLC0415

    rows = [{"load": stage["load"], **_rate(stage)} for stage in stages]
    loads = [row["load"] for row in rows]
    heights = [min(row["low"] for row in rows if row["low"] > 0), 1.6 * max(row["high"] for row in rows)]
    title = "conversations arriving a second (log)" if stages[0]["open"] else "conversations at once (log)"
    x = alt.X(
        "load:Q", title=title, scale=_log(loads), axis=alt.Axis(values=loads, format="~g", grid=False, labelOverlap=True)
    )
    named = f"{PER_SECOND} (log)"
    y = alt.Y("rate:Q", title=named, scale=_log(heights), axis=_few())
    base = alt.Chart(_data(rows))
    spread = base.mark_rule(color=BLUE, strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q", title=named), y2="high:Q")
    points = base.mark_point(filled=True, size=60, color=BLUE, opacity=1)
    layers = [base.mark_line(color=BLUE).encode(x=x, y=y), spread, points.encode(x=x, y=y)]
    if knee:
        layers = [*_bounds(knee, loads, heights, x, y), *layers, *_knee_mark(knee, loads, heights, x)]
    subtitle = "dots: stages with 95 % intervals; dashed: the bounds of light and of full load, which meet at the knee"
    titled = alt.TitleParams("Throughput against concurrency", subtitle=subtitle)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=titled)


def _rate(stage: Mapping[str, Any]) -> dict[str, float]:
    """Mean and 95 % interval of a stage's throughput, from its parts."""
    rates, rate = stage["rates"], stage["output_tokens_per_second"]
    count = len(rates)
    mean = sum(rates) / count if count else rate
    spread = (sum((each - mean) ** 2 for each in rates) / (count - 1)) ** 0.5 if count > 1 else 0.0
    half = Z * spread / max(1, count) ** 0.5
    return {"rate": rate, "low": max(0.0, rate - half), "high": rate + half}


def _bounds(knee: Mapping[str, Any], loads: Sequence[float], heights: Sequence[float], x: Any, y: Any) -> list[Any]:
    """The two lines that bound throughput: that of nobody waiting, and that of the saturated server."""
    import altair as alt  # noqa: PLC0415

    least, most = min(loads), max(loads)
    last = min(most, heights[1] / knee["alone"])
    rising = [{"load": load, "rate": knee["alone"] * load} for load in (least, last)]
    level = [{"load": load, "rate": knee["rate"]} for load in (least, most)]
    style: Any = {"color": GREY, "strokeDash": [5, 4], "strokeWidth": 1.2, "clip": True}
    return [alt.Chart(_data(rows)).mark_line(**style).encode(x=x, y=y) for rows in (rising, level)]


def _knee_mark(knee: Mapping[str, Any], loads: Sequence[float], heights: Sequence[float], x: Any) -> list[Any]:
    """The knee, named where no line runs: above on its left, or below on its right where the left is too narrow."""
    import altair as alt  # noqa: PLC0415

    if not knee["reached"]:
        return []
    label = f"knee: {knee['concurrency']:.3g} conversations"
    left = knee["concurrency"] > (min(loads) * max(loads)) ** 0.5
    data = _data([{"load": knee["concurrency"], "label": label, "top": heights[1] if left else heights[0]}])
    style: Any = {"align": "right", "dx": -6, "dy": 10} if left else {"align": "left", "dx": 6, "dy": -4}
    text = alt.Chart(data).mark_text(color=RED, fontSize=12, baseline="top", **style)
    rule = alt.Chart(data).mark_rule(color=RED, strokeWidth=1.5).encode(x=x)
    return [rule, text.encode(x=x, y=alt.Y("top:Q"), text="label:N")]


def latency(stages: Rows, knee: Mapping[str, Any] | None) -> Any:
    """Latencies against throughput: each point is a stage, named by its load."""
    import altair as alt  # noqa: PLC0415

    names = [name for name in NAMES if any(stage["latency"][name]["p50"] for stage in stages)]
    panels = [_latencies(stages, name, knee, last=name == names[-1]) for name in names]
    subtitle = "each point a stage, named by its load; dashed: the most that the server gives"
    return alt.vconcat(*panels, title=alt.TitleParams("Latency against throughput", subtitle=subtitle), spacing=12)


def _latencies(stages: Rows, name: str, knee: Mapping[str, Any] | None, *, last: bool) -> Any:
    """The panel of one latency; the last one has the axis of all."""
    import altair as alt  # noqa: PLC0415

    rows = [
        {
            "rate": stage["output_tokens_per_second"],
            "ms": 1000 * stage["latency"][name][which],
            "which": which,
            "order": order,
        }
        for order, stage in enumerate(stages)
        for which in PERCENTILES
        if stage["latency"][name][which]
    ]
    most = 1.08 * max(row["rate"] for row in rows)
    axis = alt.Axis(title=PER_SECOND) if last else alt.Axis(title=None, labels=False, ticks=False)
    x = alt.X("rate:Q", scale=alt.Scale(domain=[0, most], nice=False), axis=axis)
    y = alt.Y("ms:Q", title=f"{NAMES[name]} (ms, log)", scale=_log([row["ms"] for row in rows], 1.6), axis=_few())
    scale = alt.Scale(domain=list(PERCENTILES), range=list(PERCENTILES.values()))
    base = alt.Chart(_data(rows)).encode(x=x, y=y, color=alt.Color("which:N", title=None, scale=scale))
    layers = [base.mark_line().encode(order="order:Q"), base.mark_point(filled=True, size=45, opacity=1)]
    if knee and knee["reached"]:
        layers.insert(0, alt.Chart(_data([{"rate": knee["rate"]}])).mark_rule(color=GREY, strokeDash=[5, 4]).encode(x=x))
    rows = _labels(stages, name)
    for side, align, shift in ((True, "left", 5), (False, "right", -6)):  # beside the axis there is room on the right only
        some = alt.Chart(_data([row for row in rows if (row["rate"] < 0.08 * most) == side]))
        text: Any = {"align": align, "dx": shift, "dy": 11, "fontSize": 10, "color": "#333"}
        layers.append(some.mark_text(**text).encode(x=x, y=y, text="label:N"))
    return alt.layer(*layers).properties(width=WIDTH, height=190)


def _labels(stages: Rows, name: str) -> list[dict[str, Any]]:
    """The load of each stage at its p50, for as many stages as there is room for."""
    widest = max(stage["output_tokens_per_second"] for stage in stages) or 1.0
    kept: list[tuple[float, float]] = []
    rows = []
    for stage in stages:
        value = stage["latency"][name]["p50"]
        place = stage["output_tokens_per_second"] / widest
        if value and all(abs(place - other) > 0.035 or not 0.7 < value / at < 1.4 for other, at in kept):
            kept.append((place, value))
            rows.append({"rate": stage["output_tokens_per_second"], "ms": 1000 * value, "label": stage["label"]})
    return rows


# Panels of the timeline: title, by what to multiply, how numbers are written (empty: plainly), what is drawn and its colour.
Lines = Mapping[str, tuple[str, str]]
PANELS: tuple[tuple[str, float, str, Lines], ...] = (
    ("output tokens/s", 1, "", {"output_tokens_per_second": ("output tokens/s", BLUE)}),
    ("client", 1, "", {"under_way": ("conversations", GREY), "in_flight": ("turns in flight", BLUE)}),
    ("TTFT (ms, log)", 1000, "~s", {"ttft_p50": ("TTFT p50", BLUE), "ttft_p99": ("TTFT p99", RED)}),
    ("client", 1, "", {"errors": ("failed turns", RED)}),
    ("server", 1, "", {"server_running": ("running", GREEN), "server_waiting": ("waiting", ORANGE)}),
    ("server", 1, "~%", {"server_kv_usage": ("KV cache in use", GREEN), "server_prefix_hit_share": ("prefix hits", ORANGE)}),
    ("server", 1, "", {"server_preemptions": ("preemptions", RED)}),
    ("client", 1, "~%", {"client_cpu": ("CPU of a core", BLUE)}),
    ("client (ms)", 1000, "", {"client_lag_p99": ("loop lag p99", ORANGE)}),
)


def timeline(rows: Rows, stages: Rows) -> Any:
    """What happened over time, the server's own metrics beneath the client's. Panels in which nothing happened are left
    out; a line marks where the measured part of each stage begins.
    """
    import altair as alt  # noqa: PLC0415

    unit, name = (60, "minutes") if rows[-1]["at"] > LONG else (1, "seconds")
    end = (rows[-1]["at"] + rows[-1]["seconds"] / 2) / unit
    begins = _data([{"at": stage["begin"] / unit, "label": stage["label"]} for stage in stages])
    shown = [panel for panel in PANELS if any(row[each] for row in rows for each in panel[3])]
    panels = []
    for number, (title, factor, form, lines) in enumerate(shown):
        last = number == len(shown) - 1
        axis = alt.Axis(labels=last, ticks=last, title=f"{name} since the beginning" if last else None)
        x = alt.X("at:Q", scale=alt.Scale(domain=[0, end], nice=False), axis=axis)
        layers = [alt.Chart(begins).mark_rule(color="#bbb", strokeDash=[2, 2]).encode(x=x)]
        layers.append(_drawn(rows, unit, title, factor, form, lines).encode(x=x))
        if number == 0:
            text = alt.Chart(begins).mark_text(align="left", dx=3, fontSize=9, color="#666", baseline="top")
            layers.append(text.encode(x=x, y=alt.value(-12), text="label:N"))
        panels.append(alt.layer(*layers).properties(width=WIDTH, height=SLIM))
    subtitle = "dotted lines: where the measured part of each stage begins, named by its load"
    titled = alt.TitleParams("Over time", subtitle=subtitle, offset=16)
    return alt.vconcat(*panels, title=titled, spacing=8).resolve_scale(color="independent")


def _drawn(rows: Rows, unit: float, title: str, factor: float, form: str, lines: Lines) -> Any:
    """The lines of one panel, without their time axis."""
    import altair as alt  # noqa: PLC0415

    logarithmic = "log" in title
    data = [
        {"at": row["at"] / unit, "value": factor * row[name], "what": what}
        for row in rows
        for name, (what, _) in lines.items()
        if row[name] is not None and (row[name] > 0 or not logarithmic)
    ]
    scale = _log([each["value"] for each in data], 1.6) if logarithmic else alt.Scale(zero=True)
    written: Any = {"format": form} if form else {}
    y = alt.Y("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4, titleFontSize=11, **written))
    colours = alt.Scale(domain=[what for what, _ in lines.values()], range=[colour for _, colour in lines.values()])
    return (
        alt.Chart(_data(data)).mark_line(strokeWidth=1.4).encode(y=y, color=alt.Color("what:N", title=None, scale=colours))
    )


def _few() -> Any:
    """An axis of few ticks."""
    import altair as alt  # noqa: PLC0415

    return alt.Axis(tickCount=5, format="~s")


def _log(values: Iterable[float], room: float = 1.15) -> Any:
    """A logarithmic scale with some room at both ends."""
    import altair as alt  # noqa: PLC0415

    some = list(values)
    return alt.Scale(type="log", domain=[min(some) / room, max(some) * room], nice=False)


def _dressed(chart: Any) -> Any:
    return (
        chart.configure_view(stroke="#ddd")
        .configure_axis(titleFontSize=12, labelFontSize=11, gridColor="#eee")
        .configure_legend(labelFontSize=11)
        .configure_title(fontSize=14, subtitleFontSize=11, subtitleColor="#555", anchor="start")
    )


def _data(rows: Rows) -> Any:
    import altair as alt  # noqa: PLC0415

    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call]
