"""Generate the instances: `python -m clemsim_arenas.wordle.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.fiveletters.draw import bands, draw_targets
from clemsim_arenas.fiveletters.game import Target
from clemsim_arenas.wordle.game import Wordle


def generate(options: GeneratorOptions) -> list[Target]:
    """Return 10 very frequent words and 20 less frequent ones, or `options.count` of each. Raises UsageError."""
    return [Target(**fields) for fields in draw_targets(Wordle.name, options, bands())]


if __name__ == "__main__":
    main(generate)
