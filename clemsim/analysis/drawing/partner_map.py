"""A map of who plays how well with whom: agents by agents, as shaded numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.columns import column_of
from clemsim.analysis.drawing.heat_map import DEEP, PALE
from clemsim.html import palette
from clemsim.results.intervals import Interval

CELL, STEP = 78, 34  # pixels: width and height of a cell
SMALL, LOW, MANY = 44, 18, 12  # the same of more than so many agents, where no interval has room


@dataclass(frozen=True, slots=True)
class Cell:
    """The mean of an agent (the row) with another (the column), with its 95 % interval and number of episodes. `seat`,
    `other_seat`: where they sat; empty: anywhere.
    """

    agent: str
    other: str
    mean: float
    interval: Interval | None
    episodes: int
    seat: str = ""
    other_seat: str = ""


def partner_map(cells: Sequence[Cell]) -> charts.Specification:
    """Draw the cells; each has its mean, and its interval below it. Rows and columns are sorted by their means."""
    agents, others = _sorted(cells, "agent"), _sorted(cells, "other")
    many = max(len(agents), len(others)) > MANY
    column = column_of([{"model": agent} for agent in agents], LOW if many else STEP)
    lines = {row["name"]: row["line"] for row in column.rows}
    low, high = min(cell.mean for cell in cells), max(cell.mean for cell in cells)
    digits = 0 if high > 2 else 2
    data = []
    for cell in cells:
        ends = "" if cell.interval is None else f"{cell.interval[0]:.{digits}f}…{cell.interval[1]:.{digits}f}"
        line = lines[cell.agent]
        place = {"line": line - 0.5, "until": line + 0.5, "middle": line - 0.14 * (not many), "below": line + 0.22}
        about = {"agent": cell.agent, "other": cell.other, "mean": cell.mean, "interval": ends, "episodes": cell.episodes}
        data.append({**about, **place, "text": f"{cell.mean:.{digits}f}"})
    title = cells[0].other_seat or None
    axis = alt.Axis(orient="top", labelAngle=-30, labelAlign="left", domain=False, ticks=False)
    x = alt.X("other:N", title=title, scale=alt.Scale(domain=others, padding=0), axis=axis)
    base = alt.Chart(charts.chart_data(data)).encode(x=x)
    shade = alt.Scale(domain=[low, high if high > low else low + 1], range=[PALE, DEEP])
    tips: list[Any] = ["agent:N", "other:N", alt.Tooltip("mean:Q", format=".3f"), "interval:N", "episodes:Q"]
    white = alt.condition(
        f"datum.mean > {low + 0.62 * (high - low)}", alt.value(palette.ON_DEEP), alt.value(palette.ON_PALE)
    )
    layers = [
        base.mark_rect(stroke="white", strokeWidth=1).encode(
            y=column.y(), y2="until:Q", color=alt.Color("mean:Q", scale=shade, legend=None), tooltip=tips
        ),
        base.mark_text(fontSize=11.5).encode(y=column.y("middle"), text="text:N", color=white),
        *([] if many else [base.mark_text(fontSize=8.5).encode(y=column.y("below"), text="interval:N", color=white)]),
        *column.names(),
    ]
    chart = alt.layer(*layers).properties(width=(SMALL if many else CELL) * len(others), height=column.height)
    if cells[0].seat:
        chart = chart.properties(title=alt.TitleParams(cells[0].seat, anchor="start", fontSize=12, offset=4))
    return charts.specification_of(
        chart, "The mean of each agent with each other, with 95 % intervals, as shades and numbers."
    )


def _sorted(cells: Sequence[Cell], field: str) -> list[str]:
    """Return the names in a field, by the mean of their cells."""
    sums: dict[str, list[float]] = {}
    for cell in cells:
        sums.setdefault(getattr(cell, field), []).append(cell.mean)
    sign = -1 if field == "agent" else 1
    return sorted(sums, key=lambda name: (sign * sum(sums[name]) / len(sums[name]), name))
