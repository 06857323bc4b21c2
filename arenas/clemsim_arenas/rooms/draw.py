"""Draw maps of rooms: a walk by chance on a grid of four by four cells, each of which becomes a room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clemsim.catalog.generators import GeneratorOptions
from clemsim.game.resources import Resources
from clemsim.game.seeds import Dice
from clemsim_arenas.rooms.walk import OPPOSITE

SIDE = 4  # cells of the grid
STEPS = {"north": (0, 1), "east": (1, 0), "south": (0, -1), "west": (-1, 0)}
EACH, MOST = 10, 1000  # maps of one kind: as in clembench, and at most

Cell = tuple[int, int]  # to the east and to the north, from 0
Ways = dict[Cell, dict[str, Cell]]

_HOME = Resources((Path(__file__).parent,))


def draw_maps(arena: str, kinds: Mapping[str, tuple[int, bool]], options: GeneratorOptions) -> Iterator[dict[str, Any]]:
    """Yield the fields of the maps of each kind; `kinds`: how many rooms they have, and whether there is a circle. Raises
    UsageError.
    """
    options.check_language("en")
    for kind, (rooms, cycle) in kinds.items():
        rng = options.dice(arena, kind)
        for number in range(options.draw_count(EACH, MOST)):
            about = {"experiment": kind, "id": number, "seed": rng.getrandbits(31)}
            yield about | draw_map(rng, rooms, cycle=cycle)


def draw_map(dice: Dice, rooms: int, *, cycle: bool) -> dict[str, Any]:
    """Return the doors and the start of a map with so many rooms, in which one can go in a circle or not."""
    ways = _ways(dice, rooms, cycle)
    names = dict(zip(ways, dice.sample(_HOME.lines("resources/rooms.txt"), rooms), strict=True))
    doors = {names[cell]: _shuffled(dice, {way: names[there] for way, there in own.items()}) for cell, own in ways.items()}
    return {"doors": doors, "start": dice.choice(list(doors))}


def _ways(dice: Dice, rooms: int, cycle: bool) -> Ways:
    while True:
        ways = _walk(dice, rooms)
        if (sum(map(len, ways.values())) // 2 >= rooms) is cycle:  # a connected map without a circle has one way less
            return ways


def _walk(dice: Dice, rooms: int) -> Ways:
    """Return the cells that a walk by chance visits, and the ways that it takes."""
    here = (dice.randrange(SIDE), dice.randrange(SIDE))
    ways: Ways = {here: {}}
    while len(ways) < rooms:
        direction = dice.choice(list(STEPS))
        east, north = STEPS[direction]
        there = (here[0] + east, here[1] + north)
        if not all(0 <= place < SIDE for place in there):
            continue
        ways[here][direction] = there
        ways.setdefault(there, {})[OPPOSITE[direction]] = here
        here = there
    return ways


def _shuffled(dice: Dice, doors: dict[str, str]) -> dict[str, str]:
    return dict(dice.sample(list(doors.items()), len(doors)))
