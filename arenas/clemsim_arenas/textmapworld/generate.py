"""Generate the instances: `python -m clemsim_arenas.textmapworld.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.rooms.draw import MOST, draw_map
from clemsim_arenas.rooms.game import RoomMap
from clemsim_arenas.textmapworld.game import TextMapWorld

EACH = 10  # maps of each kind, as in clembench
KINDS = {"small": (4, False), "medium": (6, False), "large": (8, False), "medium_cycle": (6, True), "large_cycle": (8, True)}


def generate(options: GeneratorOptions) -> list[RoomMap]:
    """Return 10 maps of each of five kinds, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [instance for kind in KINDS for instance in _kind(kind, options)]


def _kind(kind: str, options: GeneratorOptions) -> list[RoomMap]:
    rng = options.dice(TextMapWorld.name, kind)
    rooms, cycle = KINDS[kind]
    count = options.draw_count(EACH, MOST)
    return [
        RoomMap(experiment=kind, id=number, seed=rng.getrandbits(31), **draw_map(rng, rooms, cycle=cycle))
        for number in range(count)
    ]


if __name__ == "__main__":
    main(generate)
