"""Curves over the time of a run, in panels below each other. Where nobody played, time is left out, and a line says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import floor, log10

from clemsim.html.numbers import count, percent, seconds

LEFT, WIDTH, RIGHT = 64, 760, 32  # pixels
TOP, HEIGHT, BETWEEN, BOTTOM = 8, 110, 34, 26
BREAK = 26  # pixels of a break
MOST = 400  # points of a curve in a panel; of more, the greatest of each stretch is drawn
COLOURS = 5
STEPS = (1, 2, 5, 10)
CLOCK_TICKS = 6


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over time (seconds since the epoch), in order."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in pixels, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A curve as the points of one polyline for each stretch of play; `colour` from 1 to COLOURS."""

    name: str
    colour: int
    strokes: Sequence[str]


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """The curves of one unit between `top` and `bottom`."""

    title: str
    top: float
    bottom: float
    lines: Sequence[Line]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Curves:
    """A figure, ready for `charts.html`. `breaks`: where nobody played, and for how long."""

    width: float
    height: float
    left: float
    right: float
    panels: Sequence[CurvePanel]
    times: Sequence[Tick]
    breaks: Sequence[Tick]
    about: str


class _Clock:
    """Where a moment of the run is drawn: stretches of play one after the other."""

    def __init__(self, moments: Sequence[float], longest: float) -> None:
        begins, ends = [moments[0]], []
        for before, after in pairwise(moments):
            if after - before > longest:
                ends.append(before)
                begins.append(after)
        self.stretches = list(zip(begins, [*ends, moments[-1]], strict=True))
        played = sum(end - begin for begin, end in self.stretches) or 1.0
        self.scale = (WIDTH - BREAK * (len(self.stretches) - 1)) / played
        self.offsets, at = [], float(LEFT)
        for begin, end in self.stretches:
            self.offsets.append(at)
            at += (end - begin) * self.scale + BREAK

    def stretch(self, moment: float) -> int:
        """Return in which stretch a moment is."""
        return max(place for place, (begin, _) in enumerate(self.stretches) if begin <= moment)

    def at(self, moment: float) -> float:
        place = self.stretch(moment)
        return round(self.offsets[place] + (moment - self.stretches[place][0]) * self.scale, 1)

    def breaks(self) -> list[Tick]:
        pairs = zip(self.stretches, self.stretches[1:], self.offsets[1:], strict=False)
        return [Tick(offset - BREAK / 2, f"a break of {seconds(after[0] - end)}") for (_, end), after, offset in pairs]

    def ticks(self) -> list[Tick]:
        """Return moments of play, with the time of day."""
        made = []
        for (begin, end), offset in zip(self.stretches, self.offsets, strict=True):
            room = (end - begin) * self.scale
            parts = max(1, int(CLOCK_TICKS * room / WIDTH))
            moments = [begin + (end - begin) * part / parts for part in range(parts + (end - begin > 0))]
            written = "%H:%M:%S" if end - begin < 600 else "%H:%M"
            made += [
                Tick(round(offset + (moment - begin) * self.scale, 1), datetime.fromtimestamp(moment).strftime(written))
                for moment in moments[: None if room > 60 else 1]
            ]
        return made


def curves(panels: Sequence[tuple[str, bool, Sequence[Curve]]], longest: float) -> Curves | None:
    """Return the figure of panels: a title, whether values are shares of 0 to 1, and the curves. None where there is none.
    `longest`: seconds between two points above which nobody played.
    """
    panels = [(title, share, kept) for title, share, own in panels if (kept := [curve for curve in own if curve.points])]
    moments = sorted({moment for _, _, own in panels for curve in own for moment, _ in curve.points})
    if len(moments) < 2:
        return None
    clock = _Clock(moments, longest)
    made, top = [], float(TOP + 18)
    for title, share, own in panels:
        made.append(_panel(title, share, own, clock, top))
        top += HEIGHT + BETWEEN
    about = "; ".join(f"{title}: {', '.join(_told(curve, share) for curve in own)}" for title, share, own in panels)
    height = top - BETWEEN + BOTTOM + 4
    return Curves(LEFT + WIDTH + RIGHT, height, LEFT, LEFT + WIDTH, made, clock.ticks(), clock.breaks(), about)


def _panel(title: str, share: bool, own: Sequence[Curve], clock: _Clock, top: float) -> CurvePanel:
    values = [value for curve in own for _, value in curve.points]
    highest = 1.0 if share else max(values) or 1.0
    step = 0.5 if share else _step(highest)
    marks = [step * place for place in range(int(highest / step + 1e-9) + 1)]

    def y(value: float) -> float:
        return round(top + HEIGHT * (1 - min(1.0, value / highest)), 1)

    lines = [Line(curve.name, place % COLOURS + 1, _strokes(curve, clock, y)) for place, curve in enumerate(own)]
    ticks = [Tick(y(mark), percent(mark) if share else _written(mark)) for mark in marks]
    return CurvePanel(title, top, top + HEIGHT, lines, ticks)


def _strokes(curve: Curve, clock: _Clock, y: Callable[[float], float]) -> list[str]:
    """Return one polyline for each stretch, in steps: a value holds until the next one."""
    by_stretch: dict[int, list[tuple[float, float]]] = {}
    for moment, value in _thinned(curve.points):
        by_stretch.setdefault(clock.stretch(moment), []).append((moment, value))
    strokes = []
    for points in by_stretch.values():
        parts, last = [], None
        for moment, value in points:
            x, height = clock.at(moment), y(value)
            if last is not None and last != height:
                parts.append(f"{x},{last}")
            parts.append(f"{x},{height}")
            last = height
        strokes.append(" ".join(parts))
    return strokes


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Return at most MOST points, each the greatest of its neighbours."""
    size = -(-len(points) // MOST)
    if size <= 1:
        return points
    return [max(points[place : place + size], key=lambda point: point[1]) for place in range(0, len(points), size)]


def _step(highest: float) -> float:
    """Return a round number of which two to five fit."""
    power = 10 ** floor(log10(highest / 2)) if highest > 0 else 1.0
    fitting = [power * step for step in STEPS if 2 * power * step <= highest] or [power]
    return max(fitting) if highest >= 2 else highest


def _told(curve: Curve, share: bool) -> str:
    values = [value for _, value in curve.points]
    text = percent if share else count
    return f"{curve.name} from {text(min(values))} to {text(max(values))}"


def _written(value: float) -> str:
    return count(value) if value == int(value) else f"{value:.2g}"
