"""Models by games as two maps of shaded numbers: %Played and Quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.columns import Column, column_of
from clemsim.html import palette

CELL, STEP, GAP = 46, 16, 26  # pixels: width and height of a cell, and between the maps
PALE, DEEP = "#f2f5f9", "#1f4f8a"
TURN = 62  # points above which a number is white
TITLES = {"played": "% Played", "quality": "Quality"}
ABSENT = {"played": "", "quality": "–"}


def heat_map(rows: Sequence[Mapping[str, Any]], models: Sequence[str], games: Sequence[str]) -> charts.Specification:
    """Draw %Played and Quality (fields of `rows`, 0..100) of each model and game, in the order given.

    A game that was never run is an empty cell; a dash for Quality: none of its episodes was scored.
    """
    column = column_of([{"model": model} for model in models], STEP)
    lines = {row["name"]: row["line"] for row in column.rows}
    maps: list[Any] = []
    for metric, title in TITLES.items():
        cells = []
        for row in rows:
            if row["played"] is None:
                continue
            value = row[metric]
            text = ABSENT[metric] if value is None else f"{value:.0f}"
            place = {"line": lines[row["model"]] - 0.5, "until": lines[row["model"]] + 0.5, "middle": lines[row["model"]]}
            cells.append({"model": row["model"], "game": row["game"], "value": value, "text": text, **place})
        maps.append(_map(column, cells, games, title, names=not maps))
    about = "% Played and Quality of each model in each game, from 0 to 100, as shades and numbers."
    return charts.specification_of(alt.hconcat(*maps, spacing=GAP), about)


def _map(column: Column, cells: Sequence[Mapping[str, Any]], games: Sequence[str], title: str, *, names: bool) -> Any:
    axis = alt.Axis(orient="top", labelAngle=-40, labelAlign="left", labelBaseline="middle", domain=False, ticks=False)
    x = alt.X("game:N", title=None, scale=alt.Scale(domain=list(games), padding=0), axis=axis)
    base = alt.Chart(charts.chart_data(cells)).encode(x=x)
    shade = alt.Scale(domain=[0, 100], range=[PALE, DEEP])
    known = base.transform_filter("isValid(datum.value)")
    tips = ["model:N", "game:N", alt.Tooltip("value:Q", title=title, format=".2f")]
    text = base.mark_text(fontSize=9.5).encode(
        y=column.y("middle"),
        text="text:N",
        color=alt.condition(f"datum.value > {TURN}", alt.value(palette.ON_DEEP), alt.value(palette.ON_PALE)),
    )
    layers = [
        known.mark_rect(stroke="white", strokeWidth=1).encode(
            y=column.y(), y2="until:Q", color=alt.Color("value:Q", scale=shade, legend=None), tooltip=tips
        ),
        text,
        *(column.names() if names else []),
    ]
    width = CELL * len(games)
    heading = alt.TitleParams(title, anchor="start", fontSize=12)
    return alt.layer(*layers).properties(width=width, height=column.height, title=heading)
