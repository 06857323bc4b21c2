"""The kinds of chart that the analyses share, each as one Vega-Lite specification for all formats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from clemsim.analysis.drawing.labels import place_names

Rows = Sequence[Mapping[str, Any]]
Specification = dict[str, Any]

WIDTH, HEIGHT = 860, 560  # pixels of a scatter
NAME = 9.5  # font size of a name
GREY, DARK = "#8a8f98", "#30343b"
COLOURS = ["#2f6db5", "#d1662b", "#3a9158", "#8a5fb0", "#b8963b", "#c0487b"]
BAND = 0.13  # opacity of a band


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its field, its title with the unit, and its ends."""

    field: str
    title: str
    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Return the position of a value between the ends, 0..1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def at(self, share: float) -> float:
        """Return the value at a position (0..1)."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    @property
    def scale(self) -> alt.Scale:
        """The Vega-Lite scale that `share` computes."""
        return alt.Scale(type="log" if self.log else "linear", domain=[self.low, self.high], nice=False)


def axis_around(field: str, title: str, values: Iterable[float], *, log: bool = False, zero: bool = False) -> Axis:
    """Return an axis that covers all values, with some room around them."""
    numbers = list(values)
    low, high = min(numbers), max(numbers)
    if log:
        room = max((high / low) ** 0.06, 1.2)
        return Axis(field, title, low / room, high * room, log=True)
    room = 0.06 * (high - low) or 1.0
    return Axis(field, title, min(0.0, low) - (0 if low >= 0 else room) if zero else low - room, high + room)


def scatter(
    rows: Rows,
    x: Axis,
    y: Axis,
    *,
    colour: str | None = None,
    colour_title: str = "",
    bars: bool = False,
    under: Sequence[alt.Chart | alt.LayerChart] = (),
    label: bool = True,
) -> Specification:
    """Draw named points. `bars`: intervals from the fields low and high; `under`: layers below the points."""
    data = chart_data(rows)
    base = alt.Chart(data).encode(x=x_of(x), y=y_of(y))
    plain = alt.value(COLOURS[0])
    colours: Any = alt.Color(f"{colour}:N", title=colour_title, scale=alt.Scale(range=COLOURS)) if colour else plain
    layers: list[Any] = list(under)
    if bars:
        rule = alt.Chart(data).mark_rule(color=GREY, opacity=0.45)
        layers.append(rule.encode(x=x_of(x), y=alt.Y("low:Q", scale=y.scale), y2="high:Q"))
    if label:
        layers += name_layers(rows, x, y)
    layers.append(base.mark_circle(size=46, opacity=0.95).encode(color=colours, tooltip=_tips(rows)))
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return specification_of(chart.interactive() if not label else chart)


def name_layers(rows: Rows, x: Axis, y: Axis, width: float = WIDTH, height: float = HEIGHT) -> list[alt.Chart]:
    """Draw the names of points, and lines to the names that lie far from their points."""
    pixels = [(str(row["model"]), width * x.share(row[x.field]), height * (1 - y.share(row[y.field]))) for row in rows]
    placed = []
    for row, label in zip(rows, place_names(pixels, width, height, NAME), strict=True):
        position = {"x": x.at(label.x / width), "y": y.at(1 - label.y / height)}
        placed.append({**position, "model": label.text, "px": row[x.field], "py": row[y.field], "joined": label.joined})
    data, distant = chart_data(placed), chart_data([row for row in placed if row["joined"]])
    ends = {"x": alt.X("px:Q", scale=x.scale), "y": alt.Y("py:Q", scale=y.scale), "x2": "x:Q", "y2": "y:Q"}
    text = alt.Chart(data).mark_text(fontSize=NAME, color=DARK)
    return [
        alt.Chart(distant).mark_rule(color=GREY, strokeWidth=0.5).encode(**ends),
        # a white edge keeps a name legible above lines
        text.mark_text(fontSize=NAME, stroke="white", strokeWidth=2.5).encode(
            x=alt.X("x:Q", scale=x.scale), y=alt.Y("y:Q", scale=y.scale), text="model:N"
        ),
        text.encode(x=alt.X("x:Q", scale=x.scale), y=alt.Y("y:Q", scale=y.scale), text="model:N"),
    ]


def band_layers(rows: Rows, x: Axis, y: Axis, colour: str = DARK, dash: Sequence[int] = ()) -> list[Any]:
    """Draw a line with its band, from the fields of x, mean, low and high; `what` is its name in the legend."""
    data = chart_data(rows)
    area = alt.Chart(data).mark_area(opacity=BAND, color=colour, clip=True)
    line = alt.Chart(data).mark_line(color=colour, clip=True, strokeDash=list(dash))
    across = x_of(x)
    return [
        area.encode(x=across, y=alt.Y("low:Q", scale=y.scale), y2="high:Q"),
        line.encode(x=across, y=alt.Y("mean:Q", scale=y.scale), strokeDash=alt.StrokeDash("what:N", title="fit")),
    ]


def x_of(axis: Axis) -> alt.X:
    """Return the horizontal encoding of an axis."""
    marks = alt.Axis(grid=False, values=ticks(axis), format="~g") if axis.log else alt.Axis(grid=False)
    return alt.X(f"{axis.field}:Q", title=axis.title, scale=axis.scale, axis=marks)


def y_of(axis: Axis) -> alt.Y:
    """Return the vertical encoding of an axis."""
    return alt.Y(f"{axis.field}:Q", title=axis.title, scale=axis.scale, axis=alt.Axis(gridOpacity=0.5))


def ticks(axis: Axis) -> list[float]:
    """Return 1, 2 and 5 of each power of ten within the ends of a logarithmic axis; powers alone where it spans many."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    steps = (1, 2, 5) if len(powers) <= 6 else (1,)
    return [value for power in powers for step in steps if axis.low <= (value := step * 10.0**power) <= axis.high]


def chart_data(rows: Rows) -> Any:
    """Return rows as the data of a chart."""
    return alt.Data(values=[dict(row) for row in rows])  # type: ignore[no-untyped-call]


def specification_of(chart: Any) -> Specification:
    """Return the specification of a chart, with the style that all charts share."""
    styled = (
        chart.configure_view(stroke=None)
        .configure_axis(titleFontSize=12, labelFontSize=11, titleColor=DARK, labelColor=DARK, labelLimit=320)
        .configure_legend(labelFontSize=11, titleFontSize=11, labelLimit=320)
        .configure_header(labelFontSize=11, titleFontSize=12, labelLimit=400)
    )
    specification: Specification = styled.to_dict(validate=False)  # the tests validate; it takes longer than all else
    return specification


def _tips(rows: Rows) -> list[Any]:
    """Return the tooltips of a point."""
    first = rows[0] if rows else {}
    numeric = {field: isinstance(value, int | float) and not isinstance(value, bool) for field, value in first.items()}
    return [alt.Tooltip(f"{field}:Q", format=",.4~g") if is_number else f"{field}:N" for field, is_number in numeric.items()]
