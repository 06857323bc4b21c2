"""Where the places of a map lie when it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

STEPS = {"north": (0.0, -1.0), "east": (1.0, 0.0), "south": (0.0, 1.0), "west": (-1.0, 0.0)}  # x to the right, y downwards

Position = tuple[float, float]  # x and y


def compass_layout(doors: Mapping[str, Mapping[str, str]], start: str) -> dict[str, Position]:
    """Return where rooms lie whose doors lead north, east, south and west, each a step from the one before; where a map
    contradicts itself, beside that place. Rooms that cannot be reached from `start` lie in a row below.
    """
    places: dict[str, Position] = {}
    for begin in (start, *doors):
        if begin in places:
            continue
        low = max((y for _, y in places.values()), default=-2.0) + 2
        _spread(doors, begin, (0.0, low), places)
    return places


def layered_layout(ways: Mapping[str, Iterable[str]], start: str) -> dict[str, Position]:
    """Return where the places of any map lie: those next to `start` in the row below it, those next to these in the next,
    and so on. Places that cannot be reached from it are the last rows.
    """
    places: dict[str, Position] = {}
    for begin in (start, *ways):
        if begin in places:
            continue
        row, layer = max((y for _, y in places.values()), default=-1.0) + 1, [begin]
        while layer:
            places.update({name: (column - (len(layer) - 1) / 2, row) for column, name in enumerate(layer)})
            after = dict.fromkeys(there for name in layer for there in ways.get(name, ()))
            layer, row = [name for name in after if name not in places], row + 1
    return places


def _spread(doors: Mapping[str, Mapping[str, str]], begin: str, where: Position, places: dict[str, Position]) -> None:
    """Give a place to each room that can be reached from `begin` and has none."""
    taken = set(places.values())
    places[begin] = _free(where, taken)
    taken.add(places[begin])
    rooms = [begin]
    for room in rooms:
        for direction, there in doors.get(room, {}).items():
            if there in places:
                continue
            x, y = places[room]
            right, down = STEPS.get(direction, (0.5, 0.5))
            places[there] = _free((x + right, y + down), taken)
            taken.add(places[there])
            rooms.append(there)


def _free(wanted: Position, taken: Iterable[Position]) -> Position:
    x, y = wanted
    while (x, y) in taken:
        x, y = x + 0.5, y + 0.25
    return x, y
