"""Generate the instances: `python -m clemsim_arenas.textmapworld_specificroom.generate --seed 1 --out FILE`.

The same maps serve all three experiments; start and goal are drawn among all pairs at the distance.
"""

from __future__ import annotations

from typing import Any

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.rooms.draw import EACH, MOST, draw_map
from clemsim_arenas.rooms.walk import Doors, distances
from clemsim_arenas.textmapworld_specificroom.game import GoalMap, TextMapWorldSpecificRoom

ROOMS = 8  # of each map
DISTANCES = {"on": (0,), "close": (1, 2), "far": (3, 4)}  # from start to goal


def generate(options: GeneratorOptions) -> list[GoalMap]:
    """Return 10 maps with the goal at three distances, or `options.count`. Raises UsageError."""
    options.check_language("en")
    rng = options.dice(TextMapWorldSpecificRoom.name, "maps")
    maps = [_map(rng) for _ in range(options.draw_count(EACH, MOST))]
    return [instance for experiment in DISTANCES for instance in _experiment(experiment, maps, options)]


def _map(rng: Dice) -> Doors:
    """Return a map with pairs of rooms at every distance."""
    while True:
        doors: Doors = draw_map(rng, ROOMS, cycle=False)["doors"]
        if all(_pairs(doors, distance) for each in DISTANCES.values() for distance in each):
            return doors


def _pairs(doors: Doors, distance: int) -> list[tuple[str, str]]:
    return [(room, there) for room in doors for there, steps in distances(doors, room).items() if steps == distance]


def _experiment(experiment: str, maps: list[Any], options: GeneratorOptions) -> list[GoalMap]:
    rng = options.dice(TextMapWorldSpecificRoom.name, experiment)
    instances = []
    for number, doors in enumerate(maps):
        start, goal = rng.choice(_pairs(doors, rng.choice(DISTANCES[experiment])))
        about = {"experiment": experiment, "id": number, "seed": rng.getrandbits(31)}
        instances.append(GoalMap(**about, doors=doors, start=start, goal=goal))
    return instances


if __name__ == "__main__":
    main(generate)
