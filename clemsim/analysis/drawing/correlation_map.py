"""Games by games: their rank correlation as shades and numbers, with the number of models below the diagonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.html import palette

CELL = 52  # pixels
NEGATIVE, NONE, POSITIVE = "#c0703a", "#f7f7f5", "#1f4f8a"
STRONG = 0.6  # beyond which a number is white


def correlation_map(rows: Sequence[Mapping[str, Any]], games: Sequence[str]) -> charts.Specification:
    """Draw Spearman's rho of each pair of games (`first`, `second`, `spearman`, `n`) above the diagonal, n below it."""
    above = [{**_cell(row["first"], row["second"], row), "text": f"{row['spearman']:.2f}"} for row in rows]
    below = [{**_cell(row["second"], row["first"], row), "text": f"n = {row['n']}"} for row in rows]
    angled = alt.Axis(orient="top", labelAngle=-40, labelAlign="left", labelBaseline="middle", domain=False, ticks=False)
    straight = alt.Axis(domain=False, ticks=False)
    x = alt.X("column:N", title=None, scale=alt.Scale(domain=list(games), padding=0), axis=angled)
    y = alt.Y("line:N", title=None, scale=alt.Scale(domain=list(games), padding=0), axis=straight)
    shade = alt.Scale(domain=[-1, 0, 1], range=[NEGATIVE, NONE, POSITIVE], interpolate="rgb")
    tips: list[Any] = ["line:N", "column:N", alt.Tooltip("spearman:Q", format=".3f"), "interval:N", "n:Q"]
    upper = alt.Chart(charts.chart_data(above)).encode(x=x, y=y, tooltip=tips)
    lower = alt.Chart(charts.chart_data(below)).encode(x=x, y=y, tooltip=tips)
    white = alt.condition(f"abs(datum.spearman) > {STRONG}", alt.value(palette.ON_DEEP), alt.value(palette.ON_PALE))
    layers = [
        upper.mark_rect(stroke="white").encode(color=alt.Color("spearman:Q", scale=shade, legend=None)),
        upper.mark_text(fontSize=11).encode(text="text:N", color=white),
        lower.mark_text(fontSize=10, color=charts.GREY).encode(text="text:N"),
    ]
    side = CELL * len(games)
    about = "Spearman's rank correlation of each two games over models, as shades and numbers, and the number of models."
    return charts.specification_of(alt.layer(*layers).properties(width=side, height=side * 0.6), about)


def _cell(line: str, column: str, row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["spearman_low"], row["spearman_high"]
    interval = "none" if low is None else f"{low:.2f} to {high:.2f}"
    return {"line": line, "column": column, "spearman": row["spearman"], "n": row["n"], "interval": interval}
