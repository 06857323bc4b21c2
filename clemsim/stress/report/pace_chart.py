"""What a GPU gives against what a user gets, drawn with Altair (extra `pictures`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clemsim.html.palette import BLUE, INK, SOFT
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.report.chart_parts import WIDTH, to_data

HEIGHT = 300  # pixels
NEAR = 0.04  # of an axis; points that are nearer to each other than this in both directions share a label


@dataclass(frozen=True, slots=True)
class PacePoint:
    """A stage: output tokens a second for each user and for each GPU, its load, and its place among the loads.

    `spoiled`: the client limited it. `label` is its load, and those of the
    stages beside it, whose own labels are empty.
    """

    user: float
    gpu: float
    label: str
    order: int
    spoiled: bool


def pace_points(stages: Sequence[StageMetrics]) -> list[PacePoint]:
    """Return the points of the stages that have both figures, in the order of `stages`."""
    both = [
        (stage, user, gpu)
        for stage in stages
        if (user := stage.tokens_per_second_per_user) and (gpu := stage.tokens_per_second_per_gpu)
    ]
    widest = max((user for _, user, _ in both), default=1.0)
    highest = max((gpu for _, _, gpu in both), default=1.0)
    points: list[PacePoint] = []
    for order, (stage, user, gpu) in enumerate(both):
        here = (
            place
            for place, point in enumerate(points)
            if point.label and abs(point.user - user) < NEAR * widest and abs(point.gpu - gpu) < NEAR * highest
        )
        beside = next(here, None)
        if beside is not None:
            points[beside] = replace(points[beside], label=f"{points[beside].label}, {stage.label}")
        points.append(PacePoint(user, gpu, "" if beside is not None else stage.label, order, bool(stage.client_limit)))
    return points


def pace_chart(points: Sequence[PacePoint]) -> Any:
    """Draw output tokens a second of a GPU against those of a user: up and to the right is better."""
    import altair as alt  # noqa: PLC0415

    widest, highest = 1.1 * max(point.user for point in points), 1.12 * max(point.gpu for point in points)
    x = alt.X("user:Q", title="output tokens a second for each user", scale=alt.Scale(domain=[0, widest], nice=False))
    y = alt.Y("gpu:Q", title="output tokens a second of each GPU", scale=alt.Scale(domain=[0, highest], nice=False))
    base = alt.Chart(to_data(points)).encode(x=x, y=y)
    layers = [base.mark_line(color=BLUE).encode(order="order:Q")]
    for spoiled in (False, True):
        some = alt.Chart(to_data([point for point in points if point.spoiled == spoiled])).encode(x=x, y=y)
        look: Any = {"fill": "white", "stroke": SOFT} if spoiled else {"filled": True, "color": BLUE}
        layers.append(some.mark_point(size=60, opacity=1, **look))
    layers.append(base.mark_text(align="left", dx=7, dy=-7, fontSize=10, color=INK).encode(text="label:N"))
    subtitle = "each point a stage, named by its load; up and to the right is better"
    subtitle += "; hollow: the client was the limit" if any(point.spoiled for point in points) else ""
    title = alt.TitleParams("What a GPU gives against what a user gets", subtitle=subtitle)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)
