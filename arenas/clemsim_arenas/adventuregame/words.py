"""Made-up words of five letters, none of which is English."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from clemsim.game.resources import Resources
from clemsim.game.seeds import Dice
from clemsim_arenas import fiveletters

FIRST = ("bl", "dr", "fl", "gr", "kl", "pl", "sk", "st", "tr", "v", "z", "m", "n", "l", "r", "t", "k", "d")
MIDDLE = ("a", "e", "i", "o", "u")
SECOND = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "t", "v")
LAST = ("n", "l", "m", "x", "t", "sk", "nt", "rn")
LETTERS = 5


def made_up(rng: Dice, number: int, taken: Collection[str] = ()) -> list[str]:
    """Draw different words, none of them in `taken`."""
    words: list[str] = []
    while len(words) < number:
        parts = (FIRST, MIDDLE, SECOND, MIDDLE, LAST)
        word = "".join(rng.choice(part) for part in parts)
        if len(word) == LETTERS and word not in {*words, *taken, *_english()}:
            words.append(word)
    return words


@cache
def _english() -> frozenset[str]:
    return Resources((Path(fiveletters.__file__).parent,)).words
