"""Draws targets for the wordle games out of the word lists."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from clemsim.catalog.generators import GeneratorOptions
from clemsim.game.resources import Resources

BANDS = {"high": 10, "medium": 20}  # words of each band of frequency, as in clembench v1.6

_HOME = Resources((Path(__file__).parent,))


@cache
def bands() -> dict[str, str]:
    """The band of frequency of each word that may be set."""
    return _table("resources/targets.tsv")


@cache
def clues() -> dict[str, str]:
    """A clue for each word that has one."""
    return _table("resources/clues.tsv")


def drawn(arena: str, wanted: GeneratorOptions, among: Container[str]) -> Iterator[dict[str, Any]]:
    """The fields of so many targets of each band. Raises UsageError."""
    wanted.check_language("en")
    for band, usual in BANDS.items():
        rng = wanted.dice(arena, band)
        words = [word for word, found in bands().items() if found == band and word in among]
        for number, word in enumerate(rng.sample(words, wanted.each(usual, len(words)))):
            yield {"experiment": f"{band}_frequency", "id": number, "seed": rng.getrandbits(31), "target": word}


def _table(name: str) -> dict[str, str]:
    rows = (line.partition("\t") for line in _HOME.lines(name))
    return {word: value for word, _, value in rows}
