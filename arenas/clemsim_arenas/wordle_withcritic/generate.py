"""Makes the instances: `python -m clemsim_arenas.wordle_withcritic.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.fiveletters.draw import clues, drawn
from clemsim_arenas.fiveletters.game import Clued
from clemsim_arenas.wordle_withcritic.game import WordleWithCritic


def generate(wanted: GeneratorOptions) -> list[Clued]:
    """10 very frequent words and 20 that are less so, each with a clue. Raises UsageError."""
    found = drawn(WordleWithCritic.name, wanted, clues())
    return [Clued(**fields, clue=clues()[fields["target"]]) for fields in found]


if __name__ == "__main__":
    main(generate)
