"""Forest plots: scores with their intervals, and differences around a line at 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.columns import Column, beside, column_of, span_of, tick_values

METRICS = {"clemscore": "clemscore", "played": "% Played", "quality": "Quality"}
MARKS, BESIDE = ("clemscore", "worth"), ("played", "quality")
DECIDED, UNDECIDED, UNTESTED = "decided", "undecided", "not tested by itself"
FILL = {DECIDED: 1.0, UNDECIDED: 0.0, UNTESTED: 0.3}  # opacity of a mark
LOOKS = {DECIDED: "filled", UNDECIDED: "hollow", UNTESTED: "light"}
COLOUR = {"clemscore": charts.COLOURS[0], "worth": charts.GREY, "% Played": charts.COLOURS[1], "Quality": charts.COLOURS[2]}
ACROSS = 4  # panels in a row
WIDTH, PANEL, WIDE, PARTS = 560, 178, 754, 200  # pixels of a plot alone, of one of several, of one above or beside these
TOGETHER = ("joint_low", "joint_high")

Row = Mapping[str, Any]


def score_forest(rows: Sequence[Row]) -> charts.Specification:
    """Draw the scores of models in the order of `rows`, which have the fields model, clemscore, clemscore_low,
    clemscore_high and worth (points); a worth also has an interval where worth_low and worth_high are there. %Played and
    Quality stand beside them where the rows have `played` and `quality`, with their ends.
    """
    column = column_of(rows, 17)
    drawn = [alt.layer(*_scores(column, MARKS, WIDTH), *column.names()).properties(width=WIDTH, height=column.height)]
    for metric in BESIDE:
        if any(row.get(metric) is not None for row in rows):
            panel = alt.layer(*_scores(column, (metric,), PARTS))
            drawn.append(panel.properties(width=PARTS, height=column.height))
    together = alt.hconcat(*drawn, spacing=20).resolve_scale(color="independent", shape="independent")
    chart = together if len(drawn) > 1 else drawn[0]
    about = "The clemscore and the worth of each model with 95 % intervals, the best first; beside them %Played and Quality."
    return charts.specification_of(chart, about)


def _scores(column: Column, metrics: Sequence[str], width: float) -> list[Any]:
    """Return the layers of a panel of scores, 0..100, side by side in a row where they are several."""
    points = []
    for row in column.rows:
        for index, metric in enumerate(metrics):
            if row.get(metric) is not None:
                ends = {"low": row.get(f"{metric}_low"), "high": row.get(f"{metric}_high")}
                place = beside(row["line"], index, len(metrics))
                points.append({"model": row["name"], "line": place, "score": metric, "value": row[metric], **ends})
    span = span_of((point[end] for point in points for end in ("value", "low", "high")), most=(-2.0, 102.0))
    several = len(metrics) > 1
    heading = "points (0 to 100), with 95 % intervals" if several else f"{METRICS[metrics[0]]} (points)"
    names = [METRICS.get(metric, metric) for metric in metrics]
    scale = alt.Scale(domain=list(metrics), range=[COLOUR[name] for name in names])
    colour = alt.Color("score:N", title=None, legend=_top() if several else None, scale=scale)
    shapes = alt.Scale(domain=list(metrics), range=["circle", "diamond"][: len(metrics)])
    shape = alt.Shape("score:N", title=None, legend=_top() if several else None, scale=shapes)
    base = alt.Chart(charts.chart_data(points)).encode(y=column.y(), color=colour)
    ticks = 8 if several else 4
    return [
        column.guides(width),
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=1.6)
        .encode(x=_x("low", span, heading, ticks), x2="high:Q"),
        base.mark_point(filled=True, size=42, opacity=1).encode(
            x=_x("value", span, heading, ticks), shape=shape, tooltip=["model:N", "score:N", *_tips("value", "low", "high")]
        ),
    ]


def difference_forest(rows: Sequence[Row]) -> charts.Specification:
    """Draw differences in clemscore, a row each, under a head for each group.

    Fields: group, model, reference, difference, low, high (points), verdict; score, joint_low and joint_high
    where they are there.
    """
    column = _groups(rows, 17)
    points = [_point(row, row["line"], _name("clemscore", row)) for row in column.rows if row["difference"] is not None]
    panel = _panel(column, points, _ends(points), WIDTH, names=True, below=_key_to(points))
    return charts.specification_of(panel, "Differences in clemscore to the reference of each group, with 95 % intervals.")


def difference_panels(rows: Sequence[Row], by_game: Sequence[Row]) -> charts.Specification:
    """Draw differences overall and in each game, as panels with one scale, a row for each comparison.

    `rows`: as of `difference_forest`. `by_game`: a row for each comparison and game, and one for the game `overall`, with
    the fields played, quality and clemscore, each with `_low` and `_high` (points), and `_verdict` where it was tested.
    """
    column = _groups(rows, 28)
    lines = {_key(row): row for row in column.rows}
    panels: dict[str, list[dict[str, Any]]] = {"overall": []}
    for cells in by_game:
        row = lines[_key(cells)]
        known = [metric for metric in METRICS if metric != "clemscore" or cells["game"] == "overall"]
        for index, metric in enumerate(known):
            place = beside(row["line"], index, len(known))
            own = row if metric == "clemscore" else _cells(cells, metric)
            if own["difference"] is not None:
                panels.setdefault(cells["game"], []).append(_point({**row, **own}, place, _name(metric, row)))
    ends = _ends([point for points in panels.values() for point in points])
    overall = panels.pop("overall")
    drawn = [_panel(column, overall, ends, WIDE, names=True, title="overall", below=_key_to(overall))]
    short = _groups(rows, 21, short=True)
    drawn += [
        _panel(short, points, ends, PANEL, names=index % ACROSS == 0, title=game)
        for index, (game, points) in enumerate((game, points) for game, points in panels.items() if points)
    ]
    about = "Differences overall and per game to the reference of each group, with 95 % intervals, on one scale."
    first, *games = drawn
    both = alt.vconcat(first, alt.concat(*games, columns=ACROSS, spacing=14), spacing=18) if games else first
    return charts.specification_of(both, about)


def _groups(rows: Sequence[Row], step: float, *, short: bool = False) -> Column:
    """Place rows under the heads of their groups; `short`: heads that do not name the reference."""
    heads = [row["group"] if short else f"{row['group']}, against {row['reference']}" for row in rows]
    return column_of(({**row, "head": head} for row, head in zip(rows, heads, strict=True)), step, head="head")


def _key(row: Row) -> tuple[str, str, str]:
    return row["group"], row["model"], row["reference"]


def _cells(cells: Row, metric: str) -> dict[str, Any]:
    ends = {"low": cells.get(f"{metric}_low"), "high": cells.get(f"{metric}_high")}
    together = {name: cells.get(f"{metric}_{name}") for name in TOGETHER}
    return {"difference": cells[metric], **ends, **together, "verdict": cells.get(f"{metric}_verdict")}


def _name(metric: str, row: Row) -> str:
    """Return the name of a metric; what stands in the place of clemscore is worth where a model has none."""
    return "worth" if metric == "clemscore" and row.get("score") == "worth" else METRICS[metric]


def _point(row: Row, line: float, metric: str) -> dict[str, Any]:
    verdict = row.get("verdict")
    mark = UNTESTED if verdict is None else DECIDED if verdict in ("higher", "lower") else UNDECIDED
    fields = {name: row.get(name) for name in ("model", "reference", "difference", "low", "high", *TOGETHER)}
    return {**fields, "line": line, "metric": metric, "mark": mark, "fill": FILL[mark]}


def _ends(points: Sequence[Row]) -> tuple[float, float]:
    fields = ("difference", "low", "high", *TOGETHER)
    return span_of((point[field] for point in points for field in fields), most=(-102.0, 102.0))


def _panel(
    column: Column,
    points: Sequence[Row],
    ends: tuple[float, float],
    width: float,
    *,
    names: bool,
    title: str = "",
    below: str = "",
) -> Any:
    together = any(point["joint_low"] is not None for point in points)
    metrics = [metric for metric in COLOUR if any(point["metric"] == metric for point in points)]
    colours = alt.Scale(domain=metrics, range=[COLOUR[metric] for metric in metrics])
    base = alt.Chart(charts.chart_data(points)).encode(
        y=column.y(), color=alt.Color("metric:N", title=None, scale=colours, legend=_top() if len(metrics) > 1 else None)
    )
    wide = width > PANEL
    heading = f"difference (points), with 95 % interval{_both(together)}" if wide else "difference (points)"

    def x_of(field: str) -> alt.X:
        return _x(field, ends, heading, 9 if wide else 4)

    zero = alt.Chart(charts.chart_data([{"zero": 0}])).mark_rule(color=charts.DARK, strokeWidth=1)
    dots = base.encode(x=x_of("difference"))
    verdict = alt.Tooltip("mark:N", title="verdict")
    tips = ["model:N", "reference:N", "metric:N", *_tips("difference", "low", "high"), verdict]
    opacity = alt.FillOpacity("fill:Q", scale=None, legend=None)
    layers = [
        column.guides(width),
        zero.encode(x=x_of("zero")),
        *([base.mark_rule(strokeWidth=1).encode(x=x_of("joint_low"), x2="joint_high:Q")] if together else []),
        base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2).encode(x=x_of("low"), x2="high:Q"),
        dots.mark_point(filled=True, size=50, opacity=1).encode(color=alt.value("white")),
        dots.mark_point(size=46, strokeWidth=1.5, opacity=1).encode(
            fill=alt.Fill("metric:N", scale=colours, legend=None), fillOpacity=opacity, tooltip=tips
        ),
        *(column.names() if names else []),
    ]
    key: dict[str, Any] = (
        {"subtitle": below, "subtitleFontSize": 11, "fontSize": 12} if title else {"fontSize": 11, "fontWeight": "normal"}
    )
    head = alt.TitleParams(title or below, anchor="start", **key)
    return alt.layer(*layers).properties(width=width, height=column.height, title=head)


def _key_to(points: Sequence[Row]) -> str:
    """Return what the fill of the marks says."""
    return "; ".join(f"{look}: {mark}" for mark, look in LOOKS.items() if any(point["mark"] == mark for point in points))


def _both(together: bool) -> str:
    return " (thick: by itself; thin: joint, of its family of tests)" if together else ""


def _x(field: str, ends: tuple[float, float], title: str, ticks: int = 8) -> alt.X:
    scale = alt.Scale(domain=list(ends), nice=False, zero=False)
    marks = alt.Axis(gridOpacity=0.5, values=tick_values(*ends, ticks))
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=marks)


def _top() -> alt.Legend:
    return alt.Legend(orient="top")


def _tips(*fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:Q", format=".2f") for field in fields]
