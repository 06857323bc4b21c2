"""Where the names of points go, so that they hide neither each other nor a point."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDE = 0.51  # of a character, in parts of the font's size
DOT = 4.0  # half the side of the square that a point takes, in pixels
NEAR = 13.0  # pixels between a point and its name beyond which a line joins them
RADII = (15, 22, 30, 40, 52, 66, 82, 100, 125, 150)
DIRECTIONS = 24

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """The middle of a name in pixels; `joined`: it lies so far off that a line should join it to its point."""

    text: str
    x: float
    y: float
    joined: bool


def place(
    points: Sequence[tuple[str, float, float]], width: float, height: float, size: float = 9.5, blocked: Sequence[Box] = ()
) -> list[Label]:
    """A place for the name of each point (text, x, y in pixels from the upper left), in the order given, off what is
    blocked.

    Greedy: the most crowded point first, each at the first free spot of ever wider rings around it (compare
    Christensen, Marks and Shieber 1995, who find greedy placement good enough below a hundred points). Where none is
    free, the emptiest.
    """
    dots = [(x - DOT, y - DOT, x + DOT, y + DOT) for _, x, y in points]
    order = sorted(range(len(points)), key=lambda at: (-_crowd(points, at), points[at][2]))
    boxes: list[Box] = []
    lines: list[tuple[Spot, Spot]] = []
    found: dict[int, Label] = {}
    frame = (0.0, 0.0, width, height)
    for at in order:
        text, x, y = points[at]
        half = (len(text) * size * WIDE / 2, size * 0.62)
        best: tuple[float, Box, bool] | None = None
        for spot, joined in _spots(x, y, *half):
            box = (spot[0] - half[0], spot[1] - half[1], spot[0] + half[0], spot[1] + half[1])
            cost = _cost(box, boxes, dots, at, frame, lines) + 3 * sum(overlap(box, line) for line in blocked)
            if joined:
                cost += _crossed((x, y), spot, [*boxes, *(dot for other, dot in enumerate(dots) if other != at)])
            if best is None or cost < best[0]:
                best = (cost, box, joined)
            if cost == 0:
                break
        assert best is not None
        _, box, joined = best
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        boxes.append(box)
        if joined:
            lines.append(((x, y), middle))
        found[at] = Label(text, *middle, joined)
    return [found[at] for at in range(len(points))]


def overlap(one: Box, two: Box) -> float:
    """The area that two boxes share, in square pixels."""
    across = min(one[2], two[2]) - max(one[0], two[0])
    down = min(one[3], two[3]) - max(one[1], two[1])
    return across * down if across > 0 and down > 0 else 0.0


def apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """The same places in one column, moved as little as needs be to lie `least` apart and within low..high, order kept."""
    order = sorted(range(len(places)), key=lambda at: places[at])
    moved = [min(max(places[at], low), high) for at in order]
    for _ in range(200):
        still = True
        for upper in range(len(moved) - 1):
            lack = least - (moved[upper + 1] - moved[upper])
            if lack > 1e-6:
                moved[upper], moved[upper + 1], still = moved[upper] - lack / 2, moved[upper + 1] + lack / 2, False
        moved = [min(max(value, low), high) for value in moved]
        if still:
            break
    found = [0.0] * len(places)
    for at, value in zip(order, moved, strict=True):
        found[at] = value
    return found


def _spots(x: float, y: float, half_wide: float, half_high: float) -> Iterator[tuple[Spot, bool]]:
    """Right, left, above, below; then rings."""
    beside = half_wide + DOT + 2
    yield (x + beside, y), False
    yield (x - beside, y), False
    yield (x, y - half_high - DOT - 1), False
    yield (x, y + half_high + DOT + 1), False
    for radius in RADII:
        for turn in range(DIRECTIONS):
            angle = 2 * math.pi * turn / DIRECTIONS
            across, down = math.cos(angle), math.sin(angle)
            side = half_wide * (1 if across > 0.2 else -1 if across < -0.2 else 0)
            yield (x + radius * across + side, y + radius * down), radius > NEAR


def _crowd(points: Sequence[tuple[str, float, float]], at: int) -> int:
    _, x, y = points[at]
    return sum(abs(x - other[1]) < 80 and abs(y - other[2]) < 25 for other in points)


def _cost(
    box: Box, boxes: Sequence[Box], dots: Sequence[Box], own: int, frame: Box, lines: Sequence[tuple[Spot, Spot]]
) -> float:
    outside = (
        max(0.0, frame[0] - box[0]) + max(0.0, box[2] - frame[2]) + max(0.0, frame[1] - box[1]) + max(0.0, box[3] - frame[3])
    )
    hidden = sum(overlap(box, dot) for at, dot in enumerate(dots) if at != own)
    under = sum(_crossed(*line, [box]) for line in lines)
    return 50 * outside + 3 * hidden + 4 * sum(overlap(box, other) for other in boxes) + under


def _crossed(start: Spot, end: Spot, boxes: Sequence[Box]) -> float:
    """How much of a line runs under boxes, in pixels, about."""
    steps = max(2, int(math.dist(start, end) / 3))
    spots = [
        (start[0] + (end[0] - start[0]) * k / steps, start[1] + (end[1] - start[1]) * k / steps) for k in range(steps + 1)
    ]
    return 3.0 * sum(box[0] < x < box[2] and box[1] < y < box[3] for x, y in spots for box in boxes)
