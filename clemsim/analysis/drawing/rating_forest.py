"""A forest plot of ratings, over all seats and in each, with arrows where an interval is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.columns import column_of

WIDTH, STEP = 560, 17  # pixels


def rating_forest(rows: Sequence[Mapping[str, Any]]) -> charts.Specification:
    """Draw rows with the fields head, model, strength (logit) and interval, whose ends may be infinite."""
    column = column_of(rows, STEP, head="head")
    known = [0.0, *(row["strength"] for row in rows), *(end for row in rows for end in row["interval"] if isfinite(end))]
    room = 0.08 * (max(known) - min(known)) or 1.0
    low, high = min(known) - room, max(known) + room
    points = []
    for row in column.rows:
        ends = row["interval"]
        shown = {"low": max(ends[0], low), "high": min(ends[1], high)}
        text = " to ".join("open" if not isfinite(end) else f"{end:.2f}" for end in ends)
        points.append({"line": row["line"], "model": row["name"], "strength": row["strength"], "interval": text, **shown})
    arrows = [
        {"line": row["line"], "at": low if side == 0 else high, "side": ("left", "right")[side]}
        for row in column.rows
        for side in (0, 1)
        if not isfinite(row["interval"][side])
    ]
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    x = alt.X("strength:Q", title="strength (logit), with 95 % intervals", scale=scale, axis=alt.Axis(grid=False))
    base = alt.Chart(charts.chart_data(points)).encode(y=column.y())
    tips = ["model:N", alt.Tooltip("strength:Q", format=".2f"), "interval:N"]
    zero = alt.Chart(charts.chart_data([{"at": 0.0}])).mark_rule(color=charts.GREY, strokeDash=[3, 3])
    shapes = alt.Scale(domain=["left", "right"], range=["triangle-left", "triangle-right"])
    layers = [
        column.guides(WIDTH),
        zero.encode(x=alt.X("at:Q", scale=scale)),
        base.mark_rule(color=charts.COLOURS[0], strokeWidth=1.6).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        base.mark_point(filled=True, size=46, opacity=1, color=charts.COLOURS[0]).encode(x=x, tooltip=tips),
        alt.Chart(charts.chart_data(arrows))
        .mark_point(filled=True, size=46, opacity=1, color=charts.COLOURS[0])
        .encode(x=alt.X("at:Q", scale=scale), y=column.y(), shape=alt.Shape("side:N", scale=shapes, legend=None)),
        *column.names(),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=column.height)
    return charts.specification_of(chart, "The rating of each model with its 95 % interval; an arrow: the interval is open.")
