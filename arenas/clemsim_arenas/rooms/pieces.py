"""The map of the textmapworld games, with the rooms that were visited and the path through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import FactList, MapDrawing, MapEdge, MapNode, Piece
from clemsim.game.map_layouts import Position, compass_layout
from clemsim.game.pieces import Tone
from clemsim_arenas.rooms.walk import Doors

LEGEND: Mapping[Tone, str] = {
    "highlight": "the explorer is here",
    "good": "visited",
    "near": "seen, not visited",
    "faint": "not seen",
}
DRAWN: Mapping[Tone, str] = {"good": "a room of the house", "bad": "no room of the house"}
MOST_DRAWN = 200  # rooms of a map that an explorer draws, and ways


def maps(doors: Doors, start: str, moves: Sequence[tuple[int, str]], goal: str = "") -> Iterator[Piece]:
    """Yield the map at the start and after each move; `moves`: the turn of each, and its direction."""
    if goal:
        yield FactList.of({"goal": goal})
    places = compass_layout(doors, start)
    rooms = [start]
    yield _map(doors, places, rooms, goal, 0)
    for turn, direction in moves:
        there = doors[rooms[-1]].get(direction)
        rooms += [] if there is None else [there]
        yield _map(doors, places, rooms, goal, turn)


def drawn_map(
    nodes: Sequence[str], ways: Mapping[str, Sequence[tuple[str, str]]], doors: Doors, turn: int
) -> MapDrawing | None:
    """Return the map that an explorer has drawn, of rooms and of ways by direction; None where it is empty or too large."""
    own: dict[str, dict[str, str]] = {node: {} for node in nodes}
    edges: list[tuple[str, str]] = []
    for direction, pairs in ways.items():
        for begin, end in pairs:
            own.setdefault(begin, {})[direction] = end
            own.setdefault(end, {})
            edges.append((begin, end))
    if not own or len(own) > MOST_DRAWN or len(edges) > MOST_DRAWN:
        return None
    places = compass_layout(own, next(iter(own)))
    real = {room.lower() for room in doors}
    drawn = [MapNode(name, *places[name], tone="good" if name.lower() in real else "bad") for name in own]
    return MapDrawing(tuple(drawn), _edges(edges), legend=DRAWN, title="The explorer's map", after=turn)


def _map(doors: Doors, places: Mapping[str, Position], rooms: Sequence[str], goal: str, turn: int) -> MapDrawing:
    visited = set(rooms)
    seen = {there for room in visited for there in doors[room].values()}

    def tone(room: str) -> Tone:
        if room == rooms[-1]:
            return "highlight"
        return "good" if room in visited else "near" if room in seen else "faint"

    def note(room: str) -> str:
        notes = ["start"] if room == rooms[0] else []
        return ", ".join([*notes, *(["goal"] if goal and room.lower() == goal.lower() else [])])

    nodes = tuple(MapNode(room, *places[room], tone=tone(room), note=note(room)) for room in doors)
    ways = [(room, there) for room, own in doors.items() for there in own.values()]
    return MapDrawing(nodes, _edges(ways), tuple(rooms), LEGEND, title="Map", after=turn)


def _edges(ways: Sequence[tuple[str, str]]) -> tuple[MapEdge, ...]:
    """Return a way for each pair of rooms; with an arrow where there is none back."""
    all_ways = dict.fromkeys(ways)
    edges = {}
    for begin, end in all_ways:
        if (end, begin) not in edges:
            edges[begin, end] = MapEdge(begin, end, directed=(end, begin) not in all_ways)
    return tuple(edges.values())
