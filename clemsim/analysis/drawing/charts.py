"""The kinds of chart that the analyses share, each as one Vega-Lite specification for all formats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from clemsim.html import palette

Rows = Sequence[Mapping[str, Any]]
Specification = dict[str, Any]

WIDTH, HEIGHT = 860, 560  # pixels of a scatter
NAME = 9.5  # font size of a name
GREY, DARK = palette.SOFT, palette.INK
COLOURS = list(palette.SERIES)


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


def x_of(axis: Axis) -> alt.X:
    """Return the horizontal encoding of an axis."""
    marks = alt.Axis(grid=False, values=ticks(axis), format="~g") if axis.log else alt.Axis(grid=False)
    return alt.X(f"{axis.field}:Q", title=axis.title, scale=axis.scale, axis=marks)


def y_of(axis: Axis) -> alt.Y:
    """Return the vertical encoding of an axis."""
    return alt.Y(f"{axis.field}:Q", title=axis.title, scale=axis.scale, axis=alt.Axis(gridOpacity=0.5, tickCount=8))


def ticks(axis: Axis) -> list[float]:
    """Return 1, 2 and 5 of each power of ten within the ends of a logarithmic axis; powers alone where it spans many."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    steps = (1, 2, 5) if len(powers) <= 6 else (1,)
    return [value for power in powers for step in steps if axis.low <= (value := step * 10.0**power) <= axis.high]


def chart_data(rows: Rows) -> Any:
    """Return rows as the data of a chart."""
    return alt.Data(values=[dict(row) for row in rows])  # type: ignore[no-untyped-call]


def specification_of(chart: Any, description: str = "") -> Specification:
    """Return the specification of a chart, with the style that all charts share. `description`: what it shows, for readers
    who do not see it.
    """
    colours: Any = {"titleColor": DARK, "labelColor": DARK}
    styled = (
        chart.properties(**({"description": description} if description else {}))
        .configure_view(stroke=None)
        .configure_axis(titleFontSize=12, labelFontSize=11, gridColor=palette.LINE, labelLimit=320, **colours)
        .configure_legend(labelFontSize=11, titleFontSize=11, labelLimit=320, **colours)
        .configure_header(labelFontSize=11, titleFontSize=12, labelLimit=400, **colours)
    )
    specification: Specification = styled.to_dict(validate=False)  # the tests validate; it takes longer than all else
    return specification
