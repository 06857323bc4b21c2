"""Dot plots with intervals: the profile of a model among all others, and models in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.columns import Column, beside, column_of, span_of, tick_values

SCORES = {"clemscore": "clemscore", "played": "% Played", "quality": "Quality"}
PANEL, WIDTH = 330, 560  # pixels of one of two plots, and of one alone
OTHERS = "#b9bec6"

Row = Mapping[str, Any]


def profile_dots(rows: Sequence[Row], models: Sequence[str], games: Sequence[str], chosen: str) -> charts.Specification:
    """Draw %Played and Quality of a model by game, with intervals, before grey dots of all other models.

    `rows`: model, game, played, quality (0..100), each with `_low` and `_high`. `games`: in their order from the top.
    `chosen`: the model that is drawn at first; a page lets its reader choose another one.
    """
    column = column_of([{"game": game} for game in games], 34, name="game")
    lines = {row["name"]: row["line"] for row in column.rows}
    bind = alt.binding_select(options=list(models), name="model ")
    pick = alt.selection_point(fields=["model"], bind=bind, value=[{"model": chosen}], name="pick")
    panels: list[Any] = []
    for metric in ("played", "quality"):
        points = [
            {**_point(row, metric), "line": lines[row["game"]], "game": row["game"]}
            for row in rows
            if row[metric] is not None
        ]
        panels.append(_profile(column, points, SCORES[metric], pick, names=not panels))
    named = alt.Chart(charts.chart_data([{"model": model} for model in models])).transform_filter(pick)
    head = named.mark_text(fontSize=14, fontWeight="bold", align="left", color=charts.DARK)
    top = head.encode(text="model:N", x=alt.value(0)).properties(width=PANEL, height=18).add_params(pick)
    both = alt.vconcat(top, alt.hconcat(*panels, spacing=24))
    return charts.specification_of(both, f"% Played and Quality of {chosen} by game with 95 % intervals, and of all others.")


def grouped_dots(rows: Sequence[Row], group: str, metrics: Sequence[str], mean: bool = False) -> charts.Specification:
    """Draw scores of models with intervals under a head for each value of the field `group`, in the order of the rows.

    `metrics`: some of SCORES, side by side; each also has fields `_low` and `_high`. `mean`: draw the mean of each group.
    """
    column = column_of(rows, 10 + 7 * len(metrics), head=group)
    points = [
        {**_point(row, metric), "line": beside(row["line"], index, len(metrics)), "metric": SCORES[metric]}
        for row in column.rows
        for index, metric in enumerate(metrics)
        if row[metric] is not None
    ]
    ends = span_of((point[end] for point in points for end in ("value", "low", "high")), most=(-2.0, 102.0))
    titles = [SCORES[metric] for metric in metrics]
    heading = f"{titles[0] if len(titles) == 1 else 'points'} (0 to 100), with 95 % interval"
    legend = alt.Legend(orient="top") if len(titles) > 1 else None
    scale = alt.Scale(domain=titles, range=charts.COLOURS[: len(titles)])
    layers: list[Any] = [column.guides(WIDTH)]
    if mean:
        layers.append(_means(column, group, metrics[0], ends, heading))
    colour = alt.Color("metric:N", title=None, scale=scale, legend=legend)
    layers += [*_marks(column, points, ends, heading, colour), *column.names()]
    about = f"{', '.join(titles)} of models by {group.replace('_', ' ')}, with 95 % intervals."
    return charts.specification_of(alt.layer(*layers).properties(width=WIDTH, height=column.height), about)


def _point(row: Row, metric: str) -> dict[str, Any]:
    ends = {"low": row.get(f"{metric}_low"), "high": row.get(f"{metric}_high")}
    return {"model": row["model"], "value": row[metric], **ends}


def _profile(column: Column, points: Sequence[Row], title: str, pick: Any, *, names: bool) -> Any:
    ends, heading = (-3.0, 103.0), f"{title} (0 to 100), with 95 % interval"
    base = alt.Chart(charts.chart_data(points)).encode(y=column.y())
    others = base.mark_tick(thickness=1.4, height=13, opacity=0.55, color=OTHERS)
    # Vega-Lite has no `not` of a parameter in a filter of its own: all are drawn in grey, and the chosen one above them.
    grey = others.encode(x=_x("value", ends, heading), tooltip=["model:N", "game:N", *_tips()])
    own = _marks(column, points, ends, heading, alt.value(charts.COLOURS[0]), pick)
    layers = [column.guides(PANEL), grey, *own, *(column.names() if names else [])]
    return alt.layer(*layers).properties(width=PANEL, height=column.height)


def _marks(
    column: Column, points: Sequence[Row], ends: tuple[float, float], heading: str, colour: Any, pick: Any = None
) -> list[Any]:
    base = alt.Chart(charts.chart_data(points)).encode(y=column.y(), color=colour)
    if pick is not None:
        base = base.transform_filter(pick)
    rule = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=1.8)
    dot = base.mark_point(filled=True, size=48, opacity=1)
    return [
        rule.encode(x=_x("low", ends, heading), x2="high:Q"),
        dot.encode(x=_x("value", ends, heading), tooltip=["model:N", *_tips()]),
    ]


def _means(column: Column, group: str, metric: str, ends: tuple[float, float], heading: str) -> Any:
    groups: dict[Any, list[Row]] = {}
    for row in column.rows:
        groups.setdefault(row[group], []).append(row)
    rows = []
    for own in groups.values():
        values = [row[metric] for row in own if row[metric] is not None]
        if len(values) > 1:
            lines = {"line": own[0]["line"] - 0.5, "until": own[-1]["line"] + 0.5}
            rows.append({"mean": sum(values) / len(values), **lines})
    rule = alt.Chart(charts.chart_data(rows)).mark_rule(color=charts.COLOURS[1], strokeWidth=2)
    return rule.encode(x=_x("mean", ends, heading), y=column.y(), y2="until:Q")


def _x(field: str, ends: tuple[float, float], title: str) -> alt.X:
    scale = alt.Scale(domain=list(ends), nice=False, zero=False)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=alt.Axis(gridOpacity=0.5, values=tick_values(*ends, 8)))


def _tips() -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:Q", format=".2f") for field in ("value", "low", "high")]
