"""How well a word goes with a clue, by the dictionary that the players of taboo share.

What the dictionary says of a word goes with it, and less so what it says of these words in turn. A clue that few words have
in common counts more (inverse document frequency, Spärck Jones 1972).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache

from clemsim_agents.taboo.lexicon import load, stem

SHORTEST = 3  # letters of a clue
FARTHER = 0.2  # what a word of a word counts


@lru_cache(maxsize=4000)
def associations(word: str) -> Mapping[str, float]:
    """Return the clues that go with a word, by stem, and how well they do; none for a word that the dictionary lacks."""
    near = _near(word)
    found: dict[str, float] = defaultdict(float)
    for key, weight in near.items():
        for other, more in _near(_places().get(key, "")).items():
            found[other] += FARTHER * weight * more / (1 + len(near))
    for key, weight in near.items():
        found[key] += weight
    return {key: weight for key, weight in sorted(found.items()) if key != stem(word)}


def fit(clue: str, word: str) -> float:
    """Return how well a word goes with a clue; 0: not at all."""
    return associations(word).get(stem(clue), 0.0)


@cache
def spelling() -> Mapping[str, str]:
    """Return a word for each stem: the shortest of those that are nothing but letters."""
    found: dict[str, str] = {}
    tokens = {token.lower() for texts in load().entries.values() for text in texts for token in text.split()}
    for token in sorted(tokens | set(load().words), key=lambda token: (len(token), token)):
        if token.isascii() and token.isalpha() and len(token) >= SHORTEST:
            found.setdefault(stem(token), token)
    return found


@lru_cache(maxsize=20_000)
def _near(word: str) -> Mapping[str, float]:
    held, counts = _held(), _counts()
    return {key: math.log(len(held) / counts[key]) for key in sorted(held.get(word, ())) if key in spelling()}


@cache
def _places() -> Mapping[str, str]:
    """The word of each stem, the most frequent."""
    return {stem(word): word for word in reversed(load().words)}


@cache
def _counts() -> Mapping[str, int]:
    return Counter(key for stems in _held().values() for key in stems)


@cache
def _held() -> Mapping[str, frozenset[str]]:
    """The stems of what the dictionary says of each word, and of the words of which it says it."""
    held: dict[str, set[str]] = defaultdict(set)
    for word, texts in load().entries.items():
        named = {stem(token) for text in texts for token in text.split()}
        held[word] |= named
        for key in named & _places().keys():
            held[_places()[key]].add(stem(word))
    return {word: frozenset(stems) for word, stems in held.items()}
