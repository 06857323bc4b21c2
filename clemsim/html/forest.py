"""Forest plots: estimates with their intervals, one row for each name, panels side by side on one scale of 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAME_WIDTH, PANEL, GAP = 220, 250, 34  # pixels
TOP, ROW, BOTTOM = 26, 24, 24
TICKS = (0, 25, 50, 75, 100)
LETTER = 7  # pixels, about
LONGEST = NAME_WIDTH // LETTER - 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value of 0 to 100 with its 95 % interval, and the address that its row leads to."""

    name: str
    value: float | None
    interval: tuple[float, float] | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an estimate is drawn, in pixels; `text`: what it says."""

    y: float
    x: float
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """The marks of one measure between `left` and `right`, with ticks as pixels and labels."""

    title: str
    left: float
    right: float
    marks: Sequence[Mark]
    ticks: Sequence[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Forest:
    """A figure, ready for `charts.html`; `rows`: y, name and address of each row."""

    width: float
    height: float
    top: float
    bottom: float
    rows: Sequence[tuple[float, str, str]]
    panels: Sequence[Panel]

    @property
    def has_links(self) -> bool:
        """Whether a row leads somewhere."""
        return any(address for _, _, address in self.rows)

    @property
    def about(self) -> str:
        """What the figure shows, for those who cannot see it."""
        lines = [f"{panel.title}: " + "; ".join(mark.text for mark in panel.marks) for panel in self.panels]
        return ". ".join(lines)


def forest(panels: Mapping[str, Sequence[Estimate]]) -> Forest:
    """Return the figure of some measures by title; all have the same rows in the same order."""
    rows = next(iter(panels.values()), ())
    ys = [TOP + ROW * (place + 0.5) for place in range(len(rows))]
    made, beside = [], name_width(rows)
    for place, (title, estimates) in enumerate(panels.items()):
        left = beside + place * (PANEL + GAP)
        made.append(_panel(title, left, estimates, ys))
    height = TOP + ROW * len(rows) + BOTTOM
    names = [(y, _cut(row.name), row.address) for y, row in zip(ys, rows, strict=True)]
    width = beside + len(panels) * (PANEL + GAP)
    return Forest(width, height, TOP, height - BOTTOM, names, made)


def name_width(rows: Sequence[Estimate]) -> float:
    """Return how many pixels the names of rows take, at most NAME_WIDTH."""
    return min(NAME_WIDTH, LETTER * (max((len(row.name) for row in rows), default=0) + 3))


def _panel(title: str, left: float, estimates: Sequence[Estimate], ys: Sequence[float]) -> Panel:
    def at(value: float) -> float:
        return round(left + PANEL * min(100.0, max(0.0, value)) / 100, 1)

    marks = []
    for own, y in zip(estimates, ys, strict=True):
        if own.value is not None:
            low, high = map(at, own.interval) if own.interval else (None, None)
            marks.append(Mark(y, at(own.value), low, high, _told(own)))
    return Panel(title, left, left + PANEL, marks, [(at(tick), tick) for tick in TICKS])


def _told(own: Estimate) -> str:
    limits = f", 95 % interval {own.interval[0]:.1f} to {own.interval[1]:.1f}" if own.interval else ""
    return f"{own.name} {own.value:.2f}{limits}"


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
