"""The words of guesswhat: two classes, in each ten categories of four subcategories of two kinds of two words."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from clemsim.game.resources import Resources

_HOME = Resources((Path(__file__).parent,))


class Subcategory(NamedTuple):
    """A line of `resources/words.txt`: the words of each kind, such as the fish among the water animals."""

    class_: str
    category: str
    name: str
    kinds: dict[str, list[str]]


@cache
def subcategories() -> tuple[Subcategory, ...]:
    """Return all subcategories, in the order of the file."""
    return tuple(_read(line) for line in _HOME.lines("resources/words.txt"))


@cache
def kinds() -> dict[str, str]:
    """Return the kind of each word."""
    return {word: kind for each in subcategories() for kind, words in each.kinds.items() for word in words}


def _read(line: str) -> Subcategory:
    class_, category, name, *told = line.split(" / ")
    by_kind = (each.partition(": ") for each in told)
    return Subcategory(class_, category, name, {kind: words.split() for kind, _, words in by_kind})
