"""Scatters: scores of 0 to 100 against a number or a word, each point with its interval and the address that it leads to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

LEFT, TOP, PANEL, HEIGHT, BOTTOM, RIGHT = 44, 26, 620, 320, 48, 240  # pixels
TOPS = (5, 10, 25, 50, 100)  # points, of which the axis has the least that holds everything
PARTS = 5  # of the axis between its ticks
NEAR, ASIDE = 7, 10  # pixels: points nearer to each other are drawn aside
LETTER, LINE = 6.2, 12  # pixels of a name, about
SERIES = 5  # that have a colour of their own
ROOM = 0.06  # of the axis, beyond the outermost points
FEW = 6  # ticks


@dataclass(frozen=True, slots=True)
class ScatterSpot:
    """A point: `x` a number or a word, `y` a score with its 95 % interval, the series that it belongs to."""

    name: str
    x: float | str
    y: float
    interval: tuple[float, float] | None = None
    series: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SpotMark:
    """Where a point is drawn, in pixels, and where its name ends or begins (`left`: it ends there); `number`: of its series,
    from 1 on. The name is empty where there is no room for it.
    """

    x: float
    y: float
    low: float | None
    high: float | None
    number: int
    name: str
    text: str
    address: str
    name_x: float
    name_y: float
    left: bool


@dataclass(frozen=True, slots=True)
class Scatter:
    """A figure, ready for `figures.html`."""

    title: str
    x_title: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    marks: Sequence[SpotMark]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    series: Sequence[tuple[int, str]]

    @property
    def about(self) -> str:
        """What the figure shows, for those who cannot see it."""
        return f"{self.title} against {self.x_title}: " + "; ".join(mark.text for mark in self.marks)


def scatter(title: str, x_title: str, spots: Sequence[ScatterSpot], *, log: bool = False) -> Scatter:
    """Return the figure of `spots`, of which there is at least one. `log`: the x axis is so where all are above 0."""
    at, ticks = _axis([spot.x for spot in spots], log=log)
    names = list(dict.fromkeys(spot.series for spot in spots))
    top = _top(spots)
    placing = _Placing()
    marks = [
        _mark(spot, *placing.point(at(spot.x), _y(spot.y, top)), min(names.index(spot.series), SERIES - 1) + 1, x_title, top)
        for spot in spots
    ]
    marks = [placing.named(mark) for mark in marks]
    legend = [(place, name) for place, name in enumerate(names[:SERIES], 1)] if len(names) > 1 else []
    return Scatter(
        title,
        x_title,
        LEFT + PANEL + RIGHT,
        TOP + HEIGHT + BOTTOM,
        LEFT,
        LEFT + PANEL,
        TOP,
        TOP + HEIGHT,
        marks,
        ticks,
        [(_y(tick, top), f"{tick:g}") for tick in (top * part / PARTS for part in range(PARTS + 1))],
        legend,
    )


def _top(spots: Sequence[ScatterSpot]) -> int:
    """Return where the y axis ends."""
    most = max(end for spot in spots for end in (spot.y, *(spot.interval or ())))
    return next((top for top in TOPS if top >= most), TOPS[-1])


def _y(value: float, top: float) -> float:
    return round(TOP + HEIGHT * (1 - min(top, max(0.0, value)) / top), 1)


def _mark(spot: ScatterSpot, x: float, y: float, number: int, x_title: str, top: float) -> SpotMark:
    low, high = (_y(end, top) for end in spot.interval) if spot.interval else (None, None)
    limits = f" [{spot.interval[0]:.1f}, {spot.interval[1]:.1f}]" if spot.interval else ""
    word = spot.x if isinstance(spot.x, str) else f"{spot.x:.4g}"
    series = f", {spot.series}" if spot.series else ""
    text = f"{spot.name}{series}: {spot.y:.2f}{limits} at {x_title} {word}"
    return SpotMark(x, y, low, high, number, spot.name, text, spot.address, x, y, left=False)


class _Placing:
    """Where points and names are already."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._names: list[tuple[float, float, float]] = []  # left, right, baseline

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point is drawn, beside those that are there already."""
        while any(abs(x - left) < NEAR and abs(y - top) < NEAR for left, top in self._points):
            x += ASIDE
        self._points.append((x, y))
        return x, y

    def named(self, mark: SpotMark) -> SpotMark:
        """Return a mark with a place for its name; without its name where there is none."""
        width = LETTER * len(mark.name)
        for down in (-7, 14, -20, 27):
            for left in (mark.x > LEFT + PANEL * 0.75, mark.x <= LEFT + PANEL * 0.75):
                begin = mark.x - 9 - width if left else mark.x + 9
                place = begin, begin + width, mark.y + down
                if begin >= 0 and TOP - LINE < place[2] <= TOP + HEIGHT - 2 and self._is_free(*place):
                    self._names.append(place)
                    return replace(mark, name_x=mark.x - 9 if left else mark.x + 9, name_y=place[2], left=left)
        return replace(mark, name="")

    def _is_free(self, begin: float, end: float, base: float) -> bool:
        names = any(begin < right and left < end and abs(base - other) < LINE for left, right, other in self._names)
        return not names and not any(
            begin < x + 5 and x - 5 < end and base - LINE < y + 5 and y - 5 < base for x, y in self._points
        )


def _axis(values: Sequence[float | str], *, log: bool) -> tuple[Callable[[float | str], float], list[tuple[float, str]]]:
    """Return where a value is drawn, and the ticks as pixels and text."""
    numbers = [value for value in values if not isinstance(value, str)]
    if len(numbers) < len(values):
        words = sorted({str(value) for value in values})
        places = {word: round(LEFT + PANEL * (place + 0.5) / len(words), 1) for place, word in enumerate(words)}
        return lambda value: places[str(value)], [(place, word) for word, place in places.items()]
    log = log and min(numbers) > 0
    low, high = (math.log10(min(numbers)), math.log10(max(numbers))) if log else (min(numbers), max(numbers))
    room = ROOM * (high - low) or (0.3 if log else abs(low) * 0.1 or 1.0)
    low, high = low - room, high + room

    def at(value: float | str) -> float:
        place = math.log10(float(value)) if log else float(value)
        return round(LEFT + PANEL * (place - low) / (high - low), 1)

    ticks = _log_ticks(10**low, 10**high) if log else _ticks(low, high)
    return at, [(at(tick), f"{tick:g}") for tick in ticks]


def _ticks(low: float, high: float) -> list[float]:
    """Return round values from low to high, at most FEW of them."""
    power = 10.0 ** math.floor(math.log10((high - low) / FEW))
    step = next(step for factor in (1, 2, 5, 10, 20) if (high - low) / (step := factor * power) <= FEW)
    return [round(step * count, 12) for count in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of each power of ten from low to high, or powers alone where there are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(powers) <= FEW else (1,)
    return [value for power in powers for step in steps if low <= (value := step * 10.0**power) <= high]
