"""Places the names of points so that they hide neither each other nor a point."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDE = 0.51  # width of a character, as a share of the font size
DOT = 4.0  # half the side of the square that a point covers, in pixels
NEAR = 13.0  # largest distance in pixels between a point and a name that no line joins to it
RADII = (15, 22, 30, 40, 52, 66, 82, 100, 125, 150)
DIRECTIONS = 24
HARD, SOFT = 40.0, 0.4  # costs of a square pixel of a name that lies on another name or point, and on what is blocked
FAR = 0.12  # cost of a pixel between a point and its name

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """The middle of a name in pixels; `joined`: it lies so far from its point that a line should join them."""

    text: str
    x: float
    y: float
    joined: bool


def place_names(
    points: Sequence[tuple[str, float, float]], width: float, height: float, size: float = 9.5, blocked: Sequence[Box] = ()
) -> list[Label]:
    """Place the name of each point (text, x, y in pixels from the upper left), rather near than off all boxes in `blocked`;
    the labels are in the order of the points.

    Greedy: the most crowded point comes first, and its name takes the first free spot of ever wider rings around it, or
    the emptiest spot where none is free (compare Christensen, Marks and Shieber 1995, who find greedy placement good
    enough below a hundred points).
    """
    dots = [(x - DOT, y - DOT, x + DOT, y + DOT) for _, x, y in points]
    order = sorted(range(len(points)), key=lambda index: (-_crowd(points, index), points[index][2]))
    boxes: list[Box] = []
    lines: list[tuple[Spot, Spot]] = []
    labels: dict[int, Label] = {}
    frame = (0.0, 0.0, width, height)
    for index in order:
        text, x, y = points[index]
        half_size = (len(text) * size * WIDE / 2, size * 0.62)
        best: tuple[float, Box, bool] | None = None
        for spot, joined in _spots(x, y, *half_size):
            box = (spot[0] - half_size[0], spot[1] - half_size[1], spot[0] + half_size[0], spot[1] + half_size[1])
            far = FAR * (math.dist((x, y), spot) - half_size[0]) if joined else 0.0
            if best is not None and far >= best[0]:
                continue
            cost = _cost(box, boxes, dots, index, frame, lines) + far + SOFT * sum(overlap(box, line) for line in blocked)
            if joined:
                cost += _crossed((x, y), spot, [*boxes, *(dot for other, dot in enumerate(dots) if other != index)])
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
        labels[index] = Label(text, *middle, joined)
    return [labels[index] for index in range(len(points))]


def overlap(box: Box, other: Box) -> float:
    """Return the area that two boxes share, in square pixels."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0


def dodged(places: Sequence[float], spans: Sequence[tuple[float, float]], least: float) -> list[float]:
    """Move places as little as needed, so that those whose spans overlap are `least` apart; the lowest span goes first.

    All in pixels; a span lies across the direction of the move.
    """
    moved: dict[int, float] = {}
    for index in sorted(range(len(places)), key=lambda index: (places[index], spans[index], index)):
        low, high = spans[index]
        near = [moved[other] for other in moved if spans[other][0] <= high and low <= spans[other][1]]
        steps = (sign * least / 2 * step for step in range(2 * len(places) + 1) for sign in (1, -1))
        spots = (places[index] + step for step in steps)
        moved[index] = next(spot for spot in spots if all(abs(spot - other) >= least - 1e-9 for other in near))
    return [moved[index] for index in range(len(places))]


def _spots(x: float, y: float, half_wide: float, half_high: float) -> Iterator[tuple[Spot, bool]]:
    """Yield the spots right, left, above and below of a point, then those on rings; and whether a line must join them."""
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


def _crowd(points: Sequence[tuple[str, float, float]], index: int) -> int:
    _, x, y = points[index]
    return sum(abs(x - other[1]) < 80 and abs(y - other[2]) < 25 for other in points)


def _cost(
    box: Box, boxes: Sequence[Box], dots: Sequence[Box], own: int, frame: Box, lines: Sequence[tuple[Spot, Spot]]
) -> float:
    outside = (
        max(0.0, frame[0] - box[0]) + max(0.0, box[2] - frame[2]) + max(0.0, frame[1] - box[1]) + max(0.0, box[3] - frame[3])
    )
    hidden = sum(overlap(box, dot) for index, dot in enumerate(dots) if index != own)
    under = sum(_crossed(*line, [box]) for line in lines)
    return 50 * outside + HARD * (hidden + sum(overlap(box, other) for other in boxes)) + under


def _crossed(start: Spot, end: Spot, boxes: Sequence[Box]) -> float:
    """Return roughly how many pixels of a line run under boxes."""
    steps = max(2, int(math.dist(start, end) / 3))
    spots = [
        (start[0] + (end[0] - start[0]) * k / steps, start[1] + (end[1] - start[1]) * k / steps) for k in range(steps + 1)
    ]
    return 3.0 * sum(box[0] < x < box[2] and box[1] < y < box[3] for x, y in spots for box in boxes)
