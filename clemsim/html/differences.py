"""Forest plots of differences: what one has more than another, around a line at 0, panels side by side on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from clemsim.html.forest import BOTTOM, ROW, TOP, Estimate, Forest, Mark, Panel, name_width

PANEL, GAP = 220, 56  # pixels
REACHES = (1, 2, 5, 10, 20, 50, 100)  # points, of which the scale has the least that holds everything


def differences(panels: Mapping[str, Sequence[Estimate]]) -> Forest:
    """Return the figure of some differences in points by title; all have the same rows in the same order."""
    rows = next(iter(panels.values()), ())
    beside = name_width(rows)
    ys = [TOP + ROW * (place + 0.5) for place in range(len(rows))]
    ends = [abs(end) for own in chain.from_iterable(panels.values()) for end in (own.value or 0.0, *(own.interval or ()))]
    reach = next((step for step in REACHES if step >= max(ends, default=0.0)), REACHES[-1])
    made = [
        _panel(title, beside + place * (PANEL + GAP), estimates, ys, reach)
        for place, (title, estimates) in enumerate(panels.items())
    ]
    height, width = TOP + ROW * len(rows) + BOTTOM, beside + len(panels) * (PANEL + GAP)
    return Forest(
        width, height, TOP, height - BOTTOM, [(y, row.name, row.address) for y, row in zip(ys, rows, strict=True)], made
    )


def _panel(title: str, left: float, estimates: Sequence[Estimate], ys: Sequence[float], reach: int) -> Panel:
    def at(value: float) -> float:
        return round(left + PANEL * (min(reach, max(-reach, value)) + reach) / (2 * reach), 1)

    marks = []
    for own, y in zip(estimates, ys, strict=True):
        if own.value is not None:
            low, high = map(at, own.interval) if own.interval else (None, None)
            marks.append(Mark(y, at(own.value), low, high, _told(own)))
    return Panel(title, left, left + PANEL, marks, [(at(tick), tick) for tick in (-reach, 0, reach)])


def _told(own: Estimate) -> str:
    limits = f", interval {own.interval[0]:+.1f} to {own.interval[1]:+.1f}" if own.interval else ""
    return f"{own.name} {own.value:+.2f}{limits}"
