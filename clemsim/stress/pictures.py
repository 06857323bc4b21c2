"""The figures of a stress test, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clemsim.errors import UsageError
from clemsim.scores.intervals import Z

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
    try:
        import altair  # noqa: F401, PLC0415 (an extra)
        import vl_convert  # noqa: F401, PLC0415
    except ImportError as error:
        raise UsageError("figures need the extra `pictures`: pip install 'clemsim[pictures]'") from error


def svg(chart: Any) -> str:
    """A chart as a drawing."""
    import vl_convert  # noqa: PLC0415

    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def png(chart: Any) -> bytes:
    """A chart as a picture."""
    import vl_convert  # noqa: PLC0415

    return bytes(vl_convert.vegalite_to_png(chart.to_dict(), ppi=144))


def throughput(stages: Rows, knee: Mapping[str, Any] | None) -> Any:
    """Output tokens a second against the load, with 95 % intervals, the two bounds and the knee where they meet."""
    import altair as alt  # noqa: PLC0415

    rows = [{"load": each["load"], "label": each["label"], **_rate(each)} for each in stages]
    top = 1.15 * max(row["high"] for row in rows)
    loads = [row["load"] for row in rows]
    title = "conversations arriving a second" if stages[0]["open"] else "conversations at once (log scale)"
    x = alt.X("load:Q", title=title, scale=_log(loads), axis=_ticks(loads))
    y = alt.Y("rate:Q", title=PER_SECOND, scale=alt.Scale(domain=[0, top], nice=False))
    base = alt.Chart(_data(rows))
    spread = base.mark_rule(color=BLUE, strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q", title=PER_SECOND), y2="high:Q")
    layers = [
        base.mark_line(color=BLUE).encode(x=x, y=y),
        spread,
        base.mark_point(filled=True, size=60, color=BLUE).encode(x=x, y=y),
    ]
    if knee:
        layers = [*_bounds(knee, loads, top, x, y), *layers, *_knee_mark(knee, top, x)]
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title="Throughput against concurrency")


def _rate(stage: Mapping[str, Any]) -> dict[str, float]:
    """Mean and 95 % interval of a stage's throughput, from its parts."""
    rates, rate = stage["rates"], stage["output_tokens_per_second"]
    count = len(rates)
    mean = sum(rates) / count if count else rate
    spread = (sum((each - mean) ** 2 for each in rates) / (count - 1)) ** 0.5 if count > 1 else 0.0
    half = Z * spread / max(1, count) ** 0.5
    return {"rate": rate, "low": max(0.0, rate - half), "high": rate + half}


def _bounds(knee: Mapping[str, Any], loads: Sequence[float], top: float, x: Any, y: Any) -> list[Any]:
    """The two lines that bound throughput: that of nobody waiting, and that of the saturated server."""
    import altair as alt  # noqa: PLC0415

    steps = 60
    least, most = min(loads), max(loads)
    line = [least * (most / least) ** (step / steps) for step in range(steps + 1)] if most > least else [least]
    rising = [{"load": load, "rate": knee["alone"] * load} for load in line if knee["alone"] * load <= top]
    level = [{"load": load, "rate": knee["rate"]} for load in (least, most)]
    style: Any = {"color": GREY, "strokeDash": [5, 4], "strokeWidth": 1.2}
    return [alt.Chart(_data(rows)).mark_line(**style).encode(x=x, y=y) for rows in (rising, level)]


def _knee_mark(knee: Mapping[str, Any], top: float, x: Any) -> list[Any]:
    import altair as alt  # noqa: PLC0415

    what = f"knee: {knee['concurrency']:.3g} conversations" if knee["reached"] else "no knee seen"
    data = _data([{"load": knee["concurrency"], "label": what, "top": top}])
    rule = alt.Chart(data).mark_rule(color=RED, strokeWidth=1.5).encode(x=x)
    text = alt.Chart(data).mark_text(align="right", dx=-6, dy=10, color=RED, fontSize=12, baseline="top")
    return [rule, text.encode(x=x, y=alt.Y("top:Q"), text="label:N")] if knee["reached"] else []


def latency(stages: Rows, knee: Mapping[str, Any] | None) -> Any:
    """Latencies against throughput: each point is a stage, named by its load."""
    import altair as alt  # noqa: PLC0415

    panels = []
    for name, title in NAMES.items():
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
        if not rows:
            continue
        x = alt.X("rate:Q", title=PER_SECOND, scale=alt.Scale(zero=True))
        y = alt.Y("ms:Q", title=f"{title} (ms, log scale)", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s"))
        scale = alt.Scale(domain=list(PERCENTILES), range=list(PERCENTILES.values()))
        base = alt.Chart(_data(rows)).encode(x=x, y=y, color=alt.Color("which:N", title=None, scale=scale))
        layers = [base.mark_line().encode(order="order:Q"), base.mark_point(filled=True, size=45)]
        layers += _labels(stages, name, x, y)
        if knee and knee["reached"]:
            layers.append(alt.Chart(_data([{"rate": knee["rate"]}])).mark_rule(color=GREY, strokeDash=[5, 4]).encode(x=x))
        panels.append(alt.layer(*layers).properties(width=WIDTH, height=200))
    titled = alt.TitleParams(
        "Latency against throughput",
        subtitle="each point a stage, named by its load; dashed: the most that the server gives",
    )
    return alt.vconcat(*panels, title=titled)


def _labels(stages: Rows, name: str, x: Any, y: Any) -> list[Any]:
    """The load of each stage beneath its p50, for as many stages as there is room for."""
    import altair as alt  # noqa: PLC0415

    widest = max(stage["output_tokens_per_second"] for stage in stages) or 1.0
    kept: list[tuple[float, float]] = []
    rows = []
    for stage in stages:
        value = stage["latency"][name]["p50"]
        place = stage["output_tokens_per_second"] / widest
        if value and all(abs(place - other) > 0.03 or not 0.6 < value / at < 1.6 for other, at in kept):
            kept.append((place, value))
            rows.append({"rate": stage["output_tokens_per_second"], "ms": 1000 * value, "label": stage["label"]})
    return [alt.Chart(_data(rows)).mark_text(dy=12, fontSize=10, color="#333").encode(x=x, y=y, text="label:N")]


# Panels of the timeline: title, and what is drawn by which name in which colour.
PANELS: tuple[tuple[str, dict[str, tuple[str, str]]], ...] = (
    ("output tokens/s", {"output_tokens_per_second": ("output tokens/s", BLUE)}),
    ("conversations, turns", {"under_way": ("conversations", GREY), "in_flight": ("turns in flight", BLUE)}),
    ("first token (ms, log)", {"ttft_p50": ("TTFT p50", BLUE), "ttft_p99": ("TTFT p99", RED)}),
    ("failed turns", {"errors": ("failed turns", RED)}),
    ("server: requests", {"server_running": ("running", GREEN), "server_waiting": ("waiting", ORANGE)}),
    ("server: shares", {"server_kv_usage": ("KV cache in use", GREEN), "server_prefix_hit_share": ("prefix hits", ORANGE)}),
    ("server: preempted", {"server_preemptions": ("preemptions", RED)}),
    ("client", {"client_cpu": ("CPU (of a core)", BLUE), "client_lag_p99": ("loop lag p99 (s)", ORANGE)}),
)


def timeline(rows: Rows, stages: Rows) -> Any:
    """What happened over time, the server's own metrics beneath the client's. Panels in which nothing happened are left
    out; a line marks where the measured part of each stage begins.
    """
    import altair as alt  # noqa: PLC0415

    long = rows[-1]["at"] > LONG
    unit = 60 if long else 1
    end = (rows[-1]["at"] + rows[-1]["seconds"] / 2) / unit
    begins = _data([{"at": stage["begin"] / unit, "label": stage["label"]} for stage in stages])
    shown = [panel for panel in PANELS if any(row[name] for row in rows for name in panel[1])]
    panels = []
    for number, (title, lines) in enumerate(shown):
        last = number == len(shown) - 1
        axis = alt.Axis(
            labels=last, ticks=last, title=f"{'minutes' if long else 'seconds'} since the beginning" if last else None
        )
        x = alt.X("at:Q", scale=alt.Scale(domain=[0, end], nice=False), axis=axis)
        factor = 1000 if "(ms" in title else 1
        data = [
            {"at": row["at"] / unit, "value": factor * row[name], "what": what}
            for row in rows
            for name, (what, _) in lines.items()
            if row[name] is not None and (factor == 1 or row[name] > 0)
        ]
        scale = alt.Scale(type="log") if "log" in title else alt.Scale(zero=True)
        y = alt.Y("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4, format="~s", titleFontSize=10))
        colours = alt.Scale(domain=[what for what, _ in lines.values()], range=[colour for _, colour in lines.values()])
        drawn = alt.Chart(_data(data)).mark_line(interpolate="linear", strokeWidth=1.4)
        marks = alt.Chart(begins).mark_rule(color="#bbb", strokeDash=[2, 2]).encode(x=x)
        layers = [marks, drawn.encode(x=x, y=y, color=alt.Color("what:N", title=None, scale=colours))]
        if number == 0:
            layers.append(
                alt.Chart(begins)
                .mark_text(align="left", dx=3, fontSize=9, color="#666", baseline="top")
                .encode(x=x, y=alt.value(-12), text="label:N")
            )
        panels.append(alt.layer(*layers).properties(width=WIDTH, height=SLIM))
    titled = alt.TitleParams(
        "Over time", subtitle="dotted lines: where the measured part of each stage begins, named by its load", offset=16
    )
    return alt.vconcat(*panels, title=titled, spacing=8).resolve_scale(color="independent")


def _log(values: Iterable[float]) -> Any:
    import altair as alt  # noqa: PLC0415

    some = list(values)
    return alt.Scale(type="log", domain=[min(some) / 1.15, max(some) * 1.15], nice=False)


def _ticks(values: Sequence[float]) -> Any:
    import altair as alt  # noqa: PLC0415

    return alt.Axis(values=list(values), format="~g", grid=False, labelOverlap=True)


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
