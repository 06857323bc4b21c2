"""Generate the instances: `python -m clemsim_arenas.wordle_withcritic.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.fiveletters.draw import clues, draw_targets
from clemsim_arenas.fiveletters.game import Clued
from clemsim_arenas.wordle_withcritic.game import WordleWithCritic


def generate(options: GeneratorOptions) -> list[Clued]:
    """Return 10 very frequent words and 20 less frequent ones, or `options.count` of each, with clues. Raises UsageError."""
    targets = draw_targets(WordleWithCritic.name, options, clues())
    return [Clued(**fields, clue=clues()[fields["target"]]) for fields in targets]


if __name__ == "__main__":
    main(generate)
