"""The base form of an English noun, as NLTK's lemmatiser finds it in WordNet 3.0 (Miller 1995; NLTK 3.9.2, `morphy`).

Rules are applied once, to nouns alone: verbs, adjectives and derived words ("running" of "run") keep their forms. A word
that WordNet does not know is its own base form.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from clemsim.game.resources import Resources

ENDINGS = (
    *(("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z")),
    *(("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y")),
)

_FILES = Resources((Path(__file__).parent,))


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """Return the base form of a lower-case word: the shortest noun among the word and the forms that it could come from."""
    forms = (word, *_irregular().get(word, ())) if word in _irregular() else (word, *_regular(word))
    return min((form for form in forms if form in nouns()), key=len, default=word)


def nouns() -> frozenset[str]:
    """Return the single-word nouns of WordNet 3.0 in lower case."""
    return _FILES.word_set("resources/nouns.txt")


def _regular(word: str) -> list[str]:
    return [word.removesuffix(ending) + base for ending, base in ENDINGS if word.endswith(ending)]


@cache
def _irregular() -> Mapping[str, tuple[str, ...]]:
    """The base forms of irregular plurals."""
    rows = (line.split(" ") for line in _FILES.lines("resources/irregular.txt"))
    return {plural: tuple(bases) for plural, *bases in rows}
