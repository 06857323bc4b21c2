"""A map as lines of text: places in rows and columns, and the ways between neighbours as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim.game.pieces import TONE_MARKS, MapDrawing, MapEdge, MapNode, Tone

WIDEST = 18  # characters of a place

Place = tuple[int, int]  # row and column


def map_lines(drawing: MapDrawing) -> Iterator[tuple[str, Tone]]:
    """Yield lines of text, each with its tone: the places by where they lie, ways between others than neighbours, and the
    path.
    """
    places = _places(drawing.nodes)
    by_place = {place: name for name, place in places.items()}
    labels = {node.name: _label(node) for node in drawing.nodes}
    joined = {frozenset((edge.begin, edge.end)) for edge in drawing.edges}
    width = max((len(label) for label in labels.values()), default=0)
    rows = max((row for row, _ in places.values()), default=-1) + 1
    columns = max((column for _, column in places.values()), default=-1) + 1
    for row in range(rows):
        names = [by_place.get((row, column)) for column in range(columns)]
        below = [by_place.get((row + 1, column)) for column in range(columns)]
        yield _row(names, labels, joined, width), "neutral"
        if row + 1 < rows:
            ways = ("  │" if frozenset((one, two)) in joined else "" for one, two in zip(names, below, strict=True))
            yield "   ".join(way.ljust(width) for way in ways).rstrip(), "faint"
    far = [edge for edge in drawing.edges if not _are_neighbours(places[edge.begin], places[edge.end])]
    yield from ((_way(edge), edge.tone) for edge in far)
    if drawing.path:
        shown = {node.name: node.shown for node in drawing.nodes}
        yield f"path: {' → '.join(shown[name] for name in drawing.path)}", "neutral"


def _places(nodes: Sequence[MapNode]) -> Mapping[str, Place]:
    """Return the row and the column of each place; of two at one place, the second has a row of its own below all."""
    xs = sorted({node.x for node in nodes})
    ys = sorted({node.y for node in nodes})
    places: dict[str, Place] = {}
    taken: set[Place] = set()
    last = len(ys)
    for node in nodes:
        place = ys.index(node.y), xs.index(node.x)
        if place in taken:
            place, last = (last, place[1]), last + 1
        taken.add(place)
        places[node.name] = place
    return places


def _label(node: MapNode) -> str:
    text = " ".join(node.shown.split())
    text = text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
    return f"[{text}{TONE_MARKS[node.tone]}]"


def _row(names: Sequence[str | None], labels: Mapping[str, str], joined: set[frozenset[str]], width: int) -> str:
    parts = []
    for number, name in enumerate(names):
        after = names[number + 1] if number + 1 < len(names) else None
        joins = name is not None and after is not None and frozenset((name, after)) in joined
        parts.append((labels[name] if name is not None else "").ljust(width + 3, "─" if joins else " "))
    return "".join(parts).rstrip()


def _are_neighbours(one: Place, two: Place) -> bool:
    return abs(one[0] - two[0]) + abs(one[1] - two[1]) == 1


def _way(edge: MapEdge) -> str:
    label = f" ({edge.label})" if edge.label else ""
    return f"{edge.begin} {'→' if edge.directed else '—'} {edge.end}{label}"
