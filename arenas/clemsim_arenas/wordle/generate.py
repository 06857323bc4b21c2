"""Makes the instances: `python -m clemsim_arenas.wordle.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.fiveletters.draw import bands, drawn
from clemsim_arenas.fiveletters.game import Target
from clemsim_arenas.wordle.game import Wordle


def generate(wanted: GeneratorOptions) -> list[Target]:
    """10 very frequent words and 20 that are less so. Raises UsageError."""
    return [Target(**fields) for fields in drawn(Wordle.name, wanted, bands())]


if __name__ == "__main__":
    main(generate)
