"""Draw targets for the wordle games from the word lists."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from clemsim.catalog.generators import GeneratorOptions
from clemsim.game.resources import Resources

BANDS = {"high": 10, "medium": 20}  # words of each frequency band, as in clembench v1.6

_HOME = Resources((Path(__file__).parent,))


@cache
def bands() -> dict[str, str]:
    """Return the frequency band of each possible target."""
    return _table("resources/targets.tsv")


@cache
def clues() -> dict[str, str]:
    """Return a clue for each word that has one."""
    return _table("resources/clues.tsv")


def draw_targets(arena: str, options: GeneratorOptions, among: Container[str]) -> Iterator[dict[str, Any]]:
    """Yield the fields of the targets of each band, drawn from `among`. Raises UsageError."""
    options.check_language("en")
    for band, usual in BANDS.items():
        rng = options.dice(arena, band)
        words = [word for word, own in bands().items() if own == band and word in among]
        for number, word in enumerate(rng.sample(words, options.draw_count(usual, len(words)))):
            yield {"experiment": f"{band}_frequency", "id": number, "seed": rng.getrandbits(31), "target": word}


def _table(name: str) -> dict[str, str]:
    rows = (line.partition("\t") for line in _HOME.lines(name))
    return {word: value for word, _, value in rows}
