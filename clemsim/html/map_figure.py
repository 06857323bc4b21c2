"""Maps that games draw: where places and ways are, in pixels, ready for `pieces.html`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

LETTER, HEIGHT, NOTED = 7.2, 30.0, 44.0  # pixels: of a letter, about, and of a place, without and with a note
LONGEST = 20  # letters of a label
GAP, ROW, EDGE = 34.0, 74.0, 14.0  # pixels between places, from row to row, and around all
WIDEST = 4000.0  # pixels of a map
ARROW = 7.0  # pixels


class MapPlace(Protocol):
    """A place as a game draws it."""

    @property
    def name(self) -> str: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def shown(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def tone(self) -> str: ...
    @property
    def note(self) -> str: ...


class MapWay(Protocol):
    """A way between two places, by their names."""

    @property
    def begin(self) -> str: ...
    @property
    def end(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def tone(self) -> str: ...
    @property
    def directed(self) -> bool: ...


class DrawnMap(Protocol):
    """A map as a game draws it."""

    @property
    def nodes(self) -> Sequence[MapPlace]: ...
    @property
    def edges(self) -> Sequence[MapWay]: ...
    @property
    def path(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Box:
    """A place: its middle and half its size in pixels, its label, which may be cut, and all that is known of it."""

    x: float
    y: float
    half_width: float
    half_height: float
    label: str
    note: str
    tone: str
    about: str


@dataclass(frozen=True, slots=True)
class Way:
    """A line between two places; `arrow`: the corners of its head, if it has one; `walked`: the path goes there."""

    x1: float
    y1: float
    x2: float
    y2: float
    label: str
    tone: str
    arrow: str
    walked: bool


@dataclass(frozen=True, slots=True)
class MapFigure:
    """A map in pixels; `about`: what it shows, for those who cannot see it."""

    width: float
    height: float
    boxes: Sequence[Box]
    ways: Sequence[Way]
    path: Sequence[str]
    about: str


def map_figure(drawing: DrawnMap) -> MapFigure:
    """Return the figure of a map."""
    nodes = drawing.nodes
    half = max((_half_width(node) for node in nodes), default=0.0)
    across, down = _scale(nodes, lambda node: node.x, 2 * half + GAP), _scale(nodes, lambda node: node.y, ROW)
    left, top = min((node.x for node in nodes), default=0.0), min((node.y for node in nodes), default=0.0)
    boxes = {
        node.name: _box(node, EDGE + half + across * (node.x - left), EDGE + NOTED / 2 + down * (node.y - top))
        for node in nodes
    }
    names = {node.name: node.shown for node in nodes}
    walked = {frozenset(pair) for pair in pairwise(drawing.path)}
    ways = [_way(edge, boxes, walked) for edge in drawing.edges if edge.begin != edge.end]
    width = max((box.x + half for box in boxes.values()), default=0.0) + EDGE
    height = max((box.y + NOTED / 2 for box in boxes.values()), default=0.0) + EDGE
    path = [names[name] for name in drawing.path]
    about = "; ".join([*(box.about for box in boxes.values()), *([f"path: {', '.join(path)}"] if path else [])])
    return MapFigure(round(width, 1), round(height, 1), list(boxes.values()), ways, path, about)


def _scale(nodes: Sequence[MapPlace], place: Callable[[MapPlace], float], wanted: float) -> float:
    """Return how many pixels a unit is, so that neighbours of one row or column are `wanted` pixels apart where possible."""
    values = sorted({place(node) for node in nodes})
    gaps = [after - before for before, after in pairwise(values)]
    if not gaps:
        return 0.0
    return min(wanted / max(min(gaps), sum(gaps) / len(gaps) / 2), WIDEST / sum(gaps))


def _half_width(node: MapPlace) -> float:
    return max(22.0, 8 + LETTER * max(len(_cut(node.shown)) + 2 * bool(node.mark), len(_cut(node.note))) / 2)


def _box(node: MapPlace, x: float, y: float) -> Box:
    label = f"{_cut(node.shown)}{' ' if node.mark else ''}{node.mark}"
    about = f"{node.shown}{f' ({node.note})' if node.note else ''}"
    height = NOTED if node.note else HEIGHT
    return Box(round(x, 1), round(y, 1), round(_half_width(node), 1), height / 2, label, _cut(node.note), node.tone, about)


def _way(edge: MapWay, boxes: dict[str, Box], walked: Iterable[frozenset[str]]) -> Way:
    begin, end = boxes[edge.begin], boxes[edge.end]
    x, y = _rim(end, begin) if edge.directed else (end.x, end.y)
    arrow = _arrow(begin, x, y) if edge.directed else ""
    on_path = frozenset((edge.begin, edge.end)) in walked
    return Way(begin.x, begin.y, x, y, _cut(edge.label), edge.tone, arrow, on_path)


def _rim(box: Box, other: Box) -> tuple[float, float]:
    """Return where the line to another place leaves a box."""
    right, down = other.x - box.x, other.y - box.y
    share = min(
        box.half_width / abs(right) if right else 1.0,
        box.half_height / abs(down) if down else 1.0,
        1.0,
    )
    return round(box.x + share * right, 1), round(box.y + share * down, 1)


def _arrow(begin: Box, x: float, y: float) -> str:
    right, down = x - begin.x, y - begin.y
    length = (right**2 + down**2) ** 0.5 or 1.0
    right, down = ARROW * right / length, ARROW * down / length
    corners = [(x, y), (x - right - down / 2, y - down + right / 2), (x - right + down / 2, y - down - right / 2)]
    return " ".join(f"{left:.1f},{top:.1f}" for left, top in corners)


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
