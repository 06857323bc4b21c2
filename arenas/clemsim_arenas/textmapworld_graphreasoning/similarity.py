"""How much the map that an explorer has drawn is like the true one."""

from __future__ import annotations

from functools import lru_cache
from math import exp
from typing import Any

from clemsim_arenas.rooms.walk import Doors
from clemsim_arenas.textmapworld_graphreasoning.distance import Graph, edit_distance
from clemsim_arenas.textmapworld_graphreasoning.replies import literal_value


def similarity(doors: Doors, drawn: str) -> float:
    """Return the similarity of the whole map and a drawn one, a Python literal, in percent; 0 where it is no map.

    100 * (1 - d'), d' = 2 * (1 / (1 + exp(-d / 2)) - 1 / 2), d: the edit distance. Names do not matter.
    """
    edges = tuple((room.lower(), there.lower()) for room, own in doors.items() for there in own.values())
    return _similarity(tuple(room.lower() for room in doors), edges, drawn)


@lru_cache(maxsize=4096)
def _similarity(rooms: tuple[str, ...], edges: tuple[tuple[str, str], ...], drawn: str) -> float:
    try:
        graph = _graph(literal_value(drawn))
    except (ValueError, TypeError, LookupError, AttributeError):
        return 0.0
    distance = edit_distance(Graph.make(rooms, edges), graph)
    return 100 * (1 - 2 * (1 / (1 + exp(-0.5 * distance)) - 0.5))


def _graph(told: Any) -> Graph:
    """Return the graph of a dictionary with `nodes` and `edges` by direction, which does not matter. What is longer than two
    counts by its first two parts, a text by its first two letters. Raises whatever comes of anything else.
    """
    nodes = [node.lower() for node in told["nodes"]]
    edges = [(edge[0].lower(), edge[1].lower()) for own in told["edges"].values() for edge in own]
    return Graph.make(nodes, edges)
