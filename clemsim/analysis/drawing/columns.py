"""Named rows one below the other, under headings: the vertical layout of forest plots, dot plots and heat maps.

Names are text marks and no labels of an axis, so that none is cut and a heading can differ from a name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.html import palette

WIDE = 0.55  # width of a character, as a share of the font size
FONT = 11.0  # font size of a name
GUIDE = palette.LINE
DODGED = 0.72  # share of a row that marks side by side take


@dataclass(frozen=True)
class Column:
    """Rows with their places: `rows` and `heads` have the field `line`, counted from the top; `step`: pixels a line.

    Each row has its name in the field `name`, each head its text.
    """

    rows: tuple[dict[str, Any], ...]
    heads: tuple[dict[str, Any], ...]
    lines: float
    step: float

    @property
    def height(self) -> float:
        """The height in pixels."""
        return self.lines * self.step

    @property
    def margin(self) -> float:
        """The width in pixels that the names take on the left."""
        return max((len(row["name"]) for row in self.rows), default=0) * FONT * WIDE + 8

    def y(self, field: str = "line") -> alt.Y:
        """Return the vertical encoding of a field that holds lines."""
        scale = alt.Scale(domain=[self.lines - 0.5, -0.5], nice=False, zero=False)
        return alt.Y(f"{field}:Q", scale=scale, axis=None)

    def guides(self, width: float) -> Any:
        """Draw a faint line above and below each row."""
        edges = sorted({row["line"] + side for row in self.rows for side in (-0.5, 0.5)})
        data = charts.chart_data([{"line": edge} for edge in edges])
        return alt.Chart(data).mark_rule(color=GUIDE).encode(y=self.y(), x=alt.value(0), x2=alt.value(width))

    def names(self) -> list[Any]:
        """Draw the names, right-aligned on the left of a panel, and the heads in bold."""
        names = charts.chart_data([{"line": row["line"], "text": row["name"]} for row in self.rows])
        drawn = [
            alt.Chart(names)
            .mark_text(align="right", fontSize=FONT, color=charts.DARK)
            .encode(y=self.y(), x=alt.value(-8), text="text:N")
        ]
        if self.heads:
            bold = alt.Chart(charts.chart_data(self.heads)).encode(y=self.y(), x=alt.value(-self.margin), text="text:N")
            style: dict[str, Any] = {"align": "left", "fontSize": FONT, "fontWeight": "bold"}
            # a white edge keeps a long head legible above lines
            drawn.append(bold.mark_text(**style, stroke="white", strokeWidth=4))
            drawn.append(bold.mark_text(**style, color=charts.DARK))
        return drawn


def column_of(rows: Iterable[Mapping[str, Any]], step: float, *, name: str = "model", head: str | None = None) -> Column:
    """Place rows in their order. `name`: the field of their names; `head`: the field whose change begins a new head."""
    placed: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    line, last = 0.0, None
    for row in rows:
        if head is not None and (not placed or row[head] != last):
            line += 0.5 * bool(placed)  # sets the heads apart
            heads.append({"line": line, "text": str(row[head])})
            line, last = line + 1, row[head]
        placed.append({**row, "name": str(row[name]), "line": line})
        line += 1
    return Column(tuple(placed), tuple(heads), max(1.0, line), step)


def beside(line: float, index: int, count: int) -> float:
    """Return the place of the mark `index` of `count` that share a line."""
    return line + (index - (count - 1) / 2) * DODGED / count


def tick_values(low: float, high: float, most: int) -> list[float]:
    """Return round values from low to high, at most `most` of them and as many as that allows."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = (factor * power for factor in (1, 2, 5, 10, 20, 50))
    step = next(step for step in steps if math.floor(high / step) - math.ceil(low / step) < most)
    return [step * count for count in range(math.ceil(low / step), math.floor(high / step) + 1)]


def span_of(values: Iterable[float | None], most: tuple[float, float]) -> tuple[float, float]:
    """Return ends that hold 0 and all values, with some room around them, and lie within `most`."""
    known = [0.0, *(value for value in values if value is not None)]
    low, high = min(known), max(known)
    room = 0.04 * (high - low) or 1.0
    return max(low - room, most[0]), min(high + room, most[1])
