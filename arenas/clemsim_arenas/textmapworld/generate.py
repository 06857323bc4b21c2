"""Generate the instances: `python -m clemsim_arenas.textmapworld.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.rooms.draw import draw_maps
from clemsim_arenas.rooms.game import RoomMap
from clemsim_arenas.textmapworld.game import TextMapWorld

KINDS = {"small": (4, False), "medium": (6, False), "large": (8, False), "medium_cycle": (6, True), "large_cycle": (8, True)}


def generate(options: GeneratorOptions) -> list[RoomMap]:
    """Return 10 maps of each of five kinds, or `options.count`. Raises UsageError."""
    return [RoomMap(**fields) for fields in draw_maps(TextMapWorld.name, KINDS, options)]


if __name__ == "__main__":
    main(generate)
