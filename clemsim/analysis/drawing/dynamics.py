"""Scores by release date, with the best so far of each kind (i)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.charts import HEIGHT, WIDTH, Axis
from clemsim.analysis.drawing.labels import Box, place_names

SIZE = 10.5  # font size of a name
ALONE, LONGER = 0.2, 3  # a time without a release cuts the axis that is longer than this share of all, and than others
FEW = 2  # models that may lie beyond such a cut
ROOM = 0.03  # share of the time shown that is left free on both sides
MONTHS = 12  # marks of the axis
DAY = 86_400_000  # milliseconds
EPOCH = date(1970, 1, 1).toordinal()

Row = Mapping[str, Any]


def dynamics_chart(rows: Sequence[Row], kinds: Sequence[str]) -> charts.Specification:
    """Draw scores by date. `rows`, by date: model, kind, released (a date), clemscore, low, high, best_so_far (points),
    new_best (whether it raised the best of its kind).

    The axis ends before one or two releases that lie far from all others; arrows at its edge stand for them.
    """
    first, last = shown([_day(row["released"]) for row in rows])
    room = ROOM * (last - first) or 10.0
    x = Axis("day", "release date", first - room, last + room)
    values = [row[field] for row in rows for field in ("clemscore", "low", "high") if row[field] is not None]
    y = charts.axis_around("clemscore", "clemscore (points, 0 to 100)", [0.0, *values], zero=True)
    points = [_placed(row, first, last, room) for row in rows]
    kinds = [kind for kind in kinds if any(row["kind"] == kind for row in rows)]
    inside = [point for point in points if point["where"] == "inside"]
    return charts.specification_of(
        alt.layer(*_layers(points, inside, kinds, x, y)).properties(width=WIDTH, height=HEIGHT),
        "clemscore by release date; a step line with the 95 % interval of the best model so far of each kind.",
    )


def shown(days: Sequence[int]) -> tuple[int, int]:
    """Return the first and the last day to show: all, but for one or two that a long time without a release sets apart."""
    order = sorted(days)
    span = order[-1] - order[0]
    for count in range(1, FEW + 1):
        for rest, apart in ((order[:-count], order[-count:]), (order[count:], order[:count])):
            if len(rest) <= FEW:
                continue
            gap = max(apart[0] - rest[-1], rest[0] - apart[-1])
            if gap > ALONE * span and gap > LONGER * max(later - day for day, later in pairwise(rest)):
                return rest[0], rest[-1]
    return order[0], order[-1]


def _placed(row: Row, first: int, last: int, room: float) -> dict[str, Any]:
    day = _day(row["released"])
    where = "before" if day < first else "after" if day > last else "inside"
    text = row["model"] if where == "inside" else f"{row['model']}, {row['released']:%B %Y}"
    place = {"before": first - room / 2, "after": last + room / 2}.get(where, day)
    fields = {"released": row["released"].isoformat(), "day": place, "at": round(place * DAY)}
    return {**row, **fields, "where": where, "text": text}


def _layers(points: Sequence[Row], inside: Sequence[Row], kinds: Sequence[str], x: Axis, y: Axis) -> list[Any]:
    span: Any = alt.Scale(domain=[round(x.low * DAY), round(x.high * DAY)], nice=False, type="utc")
    ticks = alt.Axis(grid=False, **_dates(x))
    across = alt.X("at:T", title=x.title, scale=span, axis=ticks)
    legend = alt.Legend(orient="top", symbolOpacity=1)
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=list(kinds), range=charts.COLOURS), legend=legend)
    steps = [step for kind in kinds for step in _steps([row for row in inside if row["kind"] == kind], x)]
    stairs, base = alt.Chart(charts.chart_data(steps)), alt.Chart(charts.chart_data(points))
    texts = alt.Chart(charts.chart_data(_names(points, inside, kinds, x, y))).encode(
        x=alt.X("at:T", title=x.title, scale=span), y=alt.Y("up:Q", scale=y.scale, title=y.title), text="text:N"
    )
    up = {field: alt.Y(f"{field}:Q", scale=y.scale, title=y.title) for field in ("low", "best_so_far")}
    arrows = alt.Scale(domain=["before", "after"], range=["triangle-left", "triangle-right"])
    dots = base.encode(x=across, y=charts.y_of(y), color=colour, tooltip=["model:N", "released:N", "kind:N", "clemscore:Q"])
    return [
        stairs.mark_area(interpolate="step-after", opacity=0.13).encode(x=across, y=up["low"], y2="high:Q", color=colour),
        stairs.mark_line(interpolate="step-after", strokeWidth=2).encode(x=across, y=up["best_so_far"], color=colour),
        dots.transform_filter("datum.where == 'inside'").mark_circle(size=40, opacity=0.6),
        dots.transform_filter("datum.where != 'inside'")
        .mark_point(filled=True, size=70, opacity=1)
        .encode(shape=alt.Shape("where:N", legend=None, scale=arrows)),
        texts.mark_text(fontSize=SIZE, stroke="white", strokeWidth=2.5),
        texts.mark_text(fontSize=SIZE, color=charts.DARK),
    ]  # fmt: skip


def _dates(x: Axis) -> dict[str, Any]:
    """Return the marks of an axis of dates: the firsts of months, some of them where there are many."""
    first, last = (date.fromordinal(EPOCH + math.floor(end)) for end in (x.low, x.high))
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    if len(months) < 2:
        return {"format": "%d %b %Y", "tickCount": 5}
    days = [_day(date(month // 12, month % 12 + 1, 1)) * DAY for month in months]
    return {"format": "%b %Y", "values": days[:: math.ceil(len(days) / MONTHS)]}


def _steps(rows: Sequence[Row], x: Axis) -> list[dict[str, Any]]:
    """Return the steps of the best so far, each with the interval of its model, to the end of the axis."""
    best = [row for row in rows if row["new_best"]]
    fields = ("kind", "best_so_far", "low", "high", "at")
    steps = [{field: row[field] for field in fields} for row in best]
    return [*steps, {**steps[-1], "at": round(x.high * DAY)}] if steps else []


def _names(points: Sequence[Row], inside: Sequence[Row], kinds: Sequence[str], x: Axis, y: Axis) -> list[dict[str, Any]]:
    """Return the names of the models that raised the best of their kind or lie beyond the axis, off lines and points."""

    def spot(row: Row) -> tuple[float, float]:
        return WIDTH * x.share(row["day"]), HEIGHT * (1 - y.share(row["clemscore"]))

    lines: list[Box] = []
    for kind in kinds:
        for row, later in pairwise(row for row in inside if row["kind"] == kind):
            left, right = spot(row)[0], spot(later)[0]
            high, low = (HEIGHT * (1 - y.share(step["best_so_far"])) for step in (later, row))
            lines += [(left, low - 2, right, low + 2), (right - 2, high, right + 2, low)]
    named = [row for row in points if row["new_best"] or row["where"] != "inside"]
    others = [("", *spot(row)) for row in points if row not in named]
    placed = place_names([*((row["text"], *spot(row)) for row in named), *others], WIDTH, HEIGHT, SIZE, lines)
    return [
        {"text": label.text, "at": round(x.at(label.x / WIDTH) * DAY), "up": y.at(1 - label.y / HEIGHT)}
        for label in placed[: len(named)]
    ]


def _day(released: date) -> int:
    """Convert a date to days since 1970."""
    return released.toordinal() - EPOCH
