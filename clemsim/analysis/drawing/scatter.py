"""Named points with intervals: score against size (a) and against costs (h)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.charts import HEIGHT, NAME, WIDTH, Axis
from clemsim.analysis.drawing.labels import DOT, Box, dodged, place_names

APART = 8.0  # pixels between points whose intervals would hide each other
NAMED = 30  # models with a name in a figure of costs, besides the unbeaten: the best
BAND = 0.13  # opacity of a band
SCORE = "clemscore (points, 0 to 100), with 95 % interval"
WEIGHTS = ("open", "closed", "unknown")
LARGE = 1000  # billions of parameters above which no size of closed weights was ever published
HOLLOW = "hollow: a size that was never published"

Row = Mapping[str, Any]


def size_scatter(rows: Sequence[Row], lines: Mapping[str, Sequence[Row]]) -> charts.Specification:
    """Draw clemscore against parameters. `rows`: model, parameters (billions), clemscore, low, high (points), open_weights;
    `size_known` where it is there. `lines`: fitted means by name: parameters, mean, low, high.

    Without `size_known`, closed weights of more than 1000 billion parameters count as of unpublished size.
    """
    marked = [
        {**_fields(row, "parameters"), "weights": _weights(row["open_weights"]), "fill": float(not _unpublished(row))}
        for row in rows
    ]
    x = charts.axis_around("parameters", "parameters (billions, log scale)", (row["parameters"] for row in rows), log=True)
    y = _score_axis(rows)
    under: list[Any] = []
    for index, (name, line) in enumerate(lines.items()):
        under += _band([{**spot, "what": name} for spot in line], x, y, (charts.DARK, charts.COLOURS[3])[index % 2])
    key = "" if all(row["fill"] for row in marked) else HOLLOW
    kinds = [kind for kind in WEIGHTS if any(row["weights"] == kind for row in marked)]
    chart = _scatter(_side_by_side(marked, x, y), x, y, ("weights", kinds), under).properties(title=_key(key))
    about = "clemscore of each model against its parameters on a logarithmic axis, with 95 % intervals and fitted means."
    return charts.specification_of(chart, about)


def cost_scatter(rows: Sequence[Row], cost: str, title: str, front: Sequence[str]) -> charts.Specification:
    """Draw clemscore against a cost. `rows`: model, clemscore, low, high (points) and the field `cost`; `front`: the models
    that none beats at less cost, from the cheapest on. The unbeaten and the best have their names.
    """
    kinds = ["unbeaten at its cost", "beaten at less cost"]
    named = {*front, *(row["model"] for row in sorted(rows, key=lambda row: -row["clemscore"])[:NAMED])}
    marked = [
        {**_fields(row, cost), "at": row[cost], "kind": kinds[row["model"] not in front], "named": row["model"] in named}
        for row in rows
    ]
    x = charts.axis_around(cost, title, (row[cost] for row in rows), log=True)
    y = _score_axis(rows)
    by_name = {row["model"]: row for row in rows}
    steps = [{cost: by_name[model][cost], "clemscore": by_name[model]["clemscore"]} for model in front]
    steps.append({cost: x.high, "clemscore": steps[-1]["clemscore"]})
    line = alt.Chart(charts.chart_data(steps)).mark_line(interpolate="step-after", color=charts.COLOURS[0], strokeWidth=1.5)
    under = [line.encode(x=charts.x_of(x), y=charts.y_of(y))]
    chart = _scatter(marked, x, y, ("kind", kinds), under, _stairs(steps, x, y))
    about = f"clemscore of each model against {title}, with 95 % intervals; a step line joins the unbeaten models."
    return charts.specification_of(chart, about)


def _score_axis(rows: Sequence[Row]) -> Axis:
    values = [row[field] for row in rows for field in ("clemscore", "low", "high") if row[field] is not None]
    return charts.axis_around("clemscore", SCORE, [0.0, *values], zero=True)


def _fields(row: Row, across: str) -> dict[str, Any]:
    return {**{field: row[field] for field in ("model", across, "clemscore", "low", "high")}, "fill": 1.0, "named": True}


def _weights(open_weights: bool | None) -> str:
    return "unknown" if open_weights is None else "open" if open_weights else "closed"


def _unpublished(row: Row) -> bool:
    if row.get("size_known") is not None:
        return not row["size_known"]
    return row["open_weights"] is False and row["parameters"] > LARGE


def _key(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, fontSize=11, fontWeight="normal", anchor="start")


def _scatter(
    placed: Sequence[Row],
    x: Axis,
    y: Axis,
    colour: tuple[str, Sequence[str]],
    under: Sequence[Any],
    blocked: Sequence[Box] = (),
) -> Any:
    """Draw points at the field `at`, with their names. `colour`: a field and its values; `under`: layers below."""
    field, kinds = colour
    halos, names = _names(placed, x, y, blocked)
    scale = alt.Scale(domain=list(kinds), range=charts.COLOURS[: len(kinds)])
    legend = alt.Legend(orient="top", symbolType="circle", symbolOpacity=1)
    base = alt.Chart(charts.chart_data(placed)).encode(color=alt.Color(f"{field}:N", title=None, scale=scale, legend=legend))
    at = _at(x, "at")
    rule = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=1.3, opacity=0.55)
    dots = base.encode(x=at, y=charts.y_of(y))
    tips = ["model:N", alt.Tooltip(f"{x.field}:Q", format=",.4~g"), *_tips("clemscore", "low", "high"), f"{field}:N"]
    layers = [
        *under,
        *halos,  # below the intervals, which they would hide
        rule.encode(x=at, y=alt.Y("low:Q", scale=y.scale, title=y.title), y2="high:Q"),
        dots.mark_point(filled=True, size=50, opacity=1).encode(color=alt.value("white")),
        dots.mark_point(size=42, strokeWidth=1.5, opacity=1).encode(
            fill=alt.Fill(f"{field}:N", scale=scale, legend=None),
            fillOpacity=alt.FillOpacity("fill:Q", scale=None, legend=None),
            tooltip=tips,
        ),
        *names,
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _side_by_side(rows: Sequence[Row], x: Axis, y: Axis) -> list[dict[str, Any]]:
    """Move points sideways where their intervals would hide each other."""
    places = [WIDTH * x.share(row[x.field]) for row in rows]
    moved = dodged(places, [_span(row, y) for row in rows], APART)
    return [{**row, "at": x.at(place / WIDTH)} for row, place in zip(rows, moved, strict=True)]


def _span(row: Row, y: Axis) -> tuple[float, float]:
    """Return the ends of a mark with its interval, in pixels from below."""
    values = [row[field] for field in ("clemscore", "low", "high") if row[field] is not None]
    return HEIGHT * y.share(min(values)) - DOT, HEIGHT * y.share(max(values)) + DOT


def _names(placed: Sequence[Row], x: Axis, y: Axis, blocked: Sequence[Box]) -> tuple[list[Any], list[Any]]:
    """Return the layers below the points (lines to distant names, white edges) and above them (the names)."""
    pixels = [
        (str(row["model"]) if row["named"] else "", WIDTH * x.share(row["at"]), HEIGHT * (1 - y.share(row["clemscore"])))
        for row in placed
    ]
    intervals: list[Box] = []
    for row, (_, across, _) in zip(placed, pixels, strict=True):
        low, high = _span(row, y)
        intervals.append((across - 1.5, HEIGHT - high, across + 1.5, HEIGHT - low))
    labels = place_names(pixels, WIDTH, HEIGHT, NAME, [*intervals, *blocked])
    texts = [
        {"x": x.at(label.x / WIDTH), "y": y.at(1 - label.y / HEIGHT), "model": label.text, "joined": label.joined,
         "px": row["at"], "py": row["clemscore"]}
        for row, label in zip(placed, labels, strict=True)
        if label.text
    ]  # fmt: skip
    spot: dict[str, Any] = {"x": _at(x, "x"), "y": alt.Y("y:Q", scale=y.scale, title=y.title)}
    text = alt.Chart(charts.chart_data(texts)).encode(**spot, text="model:N")
    distant = charts.chart_data([text for text in texts if text["joined"]])
    joins = alt.Chart(distant).mark_rule(color="#b3b7be", strokeWidth=0.6)
    ends: dict[str, Any] = {"x": _at(x, "px"), "y": alt.Y("py:Q", scale=y.scale, title=y.title), "x2": "x:Q", "y2": "y:Q"}
    halo = text.mark_text(fontSize=NAME, stroke="white", strokeWidth=2.5)
    return [joins.encode(**ends), halo], [text.mark_text(fontSize=NAME, color=charts.DARK)]


def _band(rows: Sequence[Row], x: Axis, y: Axis, colour: str) -> list[Any]:
    data = charts.chart_data(rows)
    area = alt.Chart(data).mark_area(opacity=BAND, color=colour, clip=True)
    line = alt.Chart(data).mark_line(color=colour, clip=True)
    what = alt.StrokeDash("what:N", title=["mean of models of a size;", "band: its 95 % interval"])
    up = {field: alt.Y(f"{field}:Q", scale=y.scale, title=y.title) for field in ("low", "mean")}
    return [
        area.encode(x=charts.x_of(x), y=up["low"], y2="high:Q"),
        line.encode(x=charts.x_of(x), y=up["mean"], strokeDash=what),
    ]


def _stairs(steps: Sequence[Row], x: Axis, y: Axis) -> list[Box]:
    """Return the boxes of a step line, for names to avoid."""
    boxes: list[Box] = []
    for left, right in pairwise(steps):
        ends = WIDTH * x.share(left[x.field]), WIDTH * x.share(right[x.field])
        low, high = (HEIGHT * (1 - y.share(spot["clemscore"])) for spot in (left, right))
        boxes += [(ends[0], low - 1.5, ends[1], low + 1.5), (ends[1] - 1.5, high, ends[1] + 1.5, low)]
    return boxes


def _at(x: Axis, field: str) -> alt.X:
    marks = alt.Axis(grid=False, values=charts.ticks(x), format="~g") if x.log else alt.Axis(grid=False)
    return alt.X(f"{field}:Q", title=x.title, scale=x.scale, axis=marks)


def _tips(*fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:Q", format=".2f") for field in fields]
