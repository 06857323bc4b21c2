"""What thinking buys against what it costs: a point for each model and game (k)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.charts import NAME, WIDTH, Axis
from clemsim.analysis.drawing.labels import DOT, Box, dodged, place_names

HEIGHT = 420  # pixels
ROOM = 1.1  # the end of the axis of tokens, as a share of the largest number
APART = 10.0  # pixels between points whose intervals would hide each other
X_TITLE = "tokens of thinking a turn"
Y_TITLE = "gain in worth (points), with 95 % interval"
OVERALL = "overall"

Row = Mapping[str, Any]


def gain_scatter(rows: Sequence[Row]) -> charts.Specification:
    """Draw gains against tokens. `rows`: model, game, worth, worth_low, worth_high (points), thought_a_turn (tokens)."""
    values = [row[field] for row in rows for field in ("worth", "worth_low", "worth_high") if row[field] is not None]
    x = Axis("at", X_TITLE, 0.0, ROOM * max(row["thought_a_turn"] for row in rows) or 1.0)
    y = charts.axis_around("worth", Y_TITLE, [0.0, *values])
    placed = _side_by_side(rows, x, y)
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    scale = alt.Scale(domain=models, range=[charts.COLOURS[index % len(charts.COLOURS)] for index in range(len(models))])
    legend = alt.Legend(orient="top", columns=1 if max(map(len, models)) > 40 else 2, symbolType="circle", labelLimit=WIDTH)
    base = alt.Chart(charts.chart_data(placed)).encode(color=alt.Color("model:N", title=None, scale=scale, legend=legend))
    spot = {"x": charts.x_of(x), "y": charts.y_of(y)}
    ends: dict[str, Any] = {"y": alt.Y("worth_low:Q", scale=y.scale, title=y.title), "y2": "worth_high:Q"}
    tips = ["model:N", "game:N", *(alt.Tooltip(f"{name}:Q", format=".1f") for name in ("thought_a_turn", *_ENDS))]
    shape = alt.Shape("over:N", title=None, legend=None, scale=alt.Scale(domain=[True, False], range=["diamond", "circle"]))
    size = alt.Size("size:Q", scale=None, legend=None)
    names, under = _names(placed, x, y)
    chart = alt.layer(
        alt.Chart(charts.chart_data([{"worth": 0.0}])).mark_rule(color=charts.GREY, strokeDash=[4, 3]).encode(y=spot["y"]),
        *under,
        base.transform_filter("isValid(datum.worth_low)")
        .mark_rule(strokeWidth=1.4, opacity=0.6)
        .encode(x=spot["x"], **ends),
        base.mark_point(filled=True, opacity=1).encode(**spot, shape=shape, size=size, tooltip=tips),
        names,
    ).properties(width=WIDTH, height=HEIGHT)
    about = f"The gain in worth that thinking brought against {X_TITLE}, for each model and game, and over all games."
    return charts.specification_of(chart, about)


_ENDS = ("worth", "worth_low", "worth_high")


def _side_by_side(rows: Sequence[Row], x: Axis, y: Axis) -> list[dict[str, Any]]:
    """Move points sideways where their intervals would hide each other."""
    places = [WIDTH * x.share(row["thought_a_turn"]) for row in rows]
    moved = dodged(places, [_span(row, y) for row in rows], APART)
    return [
        {**row, "at": x.at(place / WIDTH), "over": row["game"] == OVERALL, "size": 110 if row["game"] == OVERALL else 48}
        for row, place in zip(rows, moved, strict=True)
    ]


def _span(row: Row, y: Axis) -> tuple[float, float]:
    """Return the ends of a mark with its interval, in pixels from below."""
    values = [row[field] for field in _ENDS if row[field] is not None]
    return HEIGHT * y.share(min(values)) - DOT, HEIGHT * y.share(max(values)) + DOT


def _names(placed: Sequence[Row], x: Axis, y: Axis) -> tuple[Any, list[Any]]:
    """Return the layer of the names of games, and those below the points: lines to distant names, white edges."""
    pixels = [(str(row["game"]), WIDTH * x.share(row["at"]), HEIGHT * (1 - y.share(row["worth"]))) for row in placed]
    nothing = HEIGHT * (1 - y.share(0.0))
    intervals: list[Box] = [(0.0, nothing - 1.5, WIDTH, nothing + 1.5)]
    for row, (_, across, _) in zip(placed, pixels, strict=True):
        low, high = _span(row, y)
        intervals.append((across - 1.5, HEIGHT - high, across + 1.5, HEIGHT - low))
    texts = [
        {"x": x.at(label.x / WIDTH), "y": y.at(1 - label.y / HEIGHT), "game": label.text, "joined": label.joined,
         "px": row["at"], "py": row["worth"]}
        for row, label in zip(placed, place_names(pixels, WIDTH, HEIGHT, NAME, intervals), strict=True)
    ]  # fmt: skip
    spot: dict[str, Any] = {"x": alt.X("x:Q", scale=x.scale, title=x.title), "y": alt.Y("y:Q", scale=y.scale, title=y.title)}
    names = alt.Chart(charts.chart_data(texts)).mark_text(fontSize=NAME, color=charts.DARK)
    ends: dict[str, Any] = {"x": alt.X("px:Q", scale=x.scale), "y": alt.Y("py:Q", scale=y.scale), "x2": "x:Q", "y2": "y:Q"}
    distant = alt.Chart(charts.chart_data([text for text in texts if text["joined"]]))
    named = names.encode(**spot, text="game:N")
    halo = named.mark_text(fontSize=NAME, stroke="white", strokeWidth=2.5)
    return named, [distant.mark_rule(color="#b3b7be", strokeWidth=0.6).encode(**ends), halo]
