"""The map in a reply of the explorer as rooms and ways, as far as it is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clemsim_arenas.textmapworld_graphreasoning.replies import literal_value

Ways = Mapping[str, Sequence[tuple[str, str]]]  # by direction


def rooms_and_ways(text: str) -> tuple[list[str], Ways]:
    """Return the rooms of a drawn map, a Python literal, and its ways; what is neither is left out."""
    try:
        told = literal_value(text)
    except ValueError:
        return [], {}
    if not isinstance(told, dict):
        return [], {}
    nodes, edges = told.get("nodes"), told.get("edges")
    rooms = [node for node in nodes if isinstance(node, str)] if isinstance(nodes, list | tuple) else []
    if not isinstance(edges, dict):
        return rooms, {}
    return rooms, {str(direction).lower(): list(_pairs(own)) for direction, own in edges.items()}


def _pairs(ways: Any) -> Iterator[tuple[str, str]]:
    for way in ways if isinstance(ways, list | tuple) else ():
        if isinstance(way, list | tuple) and len(way) == 2 and all(isinstance(room, str) for room in way):
            yield way[0], way[1]
