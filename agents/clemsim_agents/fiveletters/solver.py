"""A wordle solver: keeps the words that agree with all feedback and guesses the one that splits them best."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

from clemsim_arenas.fiveletters.board import Guess, Marks, marks

COMMON = 80  # how many of the words that are left are weighed against each other, the most frequent first
FREQUENT = 4000  # among which a word is sought that tells those apart
FIRST = "stare"

_marks = lru_cache(maxsize=200_000)(marks)  # every game begins alike, so the same pairs come up again and again


def next_guess(history: Sequence[Guess], words: Sequence[str]) -> str:
    """Return the next guess; `words` come in the order of their frequency. Without a word that agrees: the most frequent."""
    if not history:
        return FIRST
    left = [word for word in words if agrees(word, history)]
    if len(left) <= 2:
        return left[0] if left else words[0]
    common = left[:COMMON]
    trials = common if len(common) > 12 or len(history) >= 5 else [*common, *_breakers(common, words)]
    return min(trials, key=lambda word: (_expected(word, common) - (word in common) * 0.5, trials.index(word)))


def agrees(word: str, history: Sequence[Guess]) -> bool:
    """Return whether the word would have got the same marks for every guess so far."""
    return all(guess != word and _marks(guess, word) == feedback for guess, feedback in history)


def _expected(word: str, left: Sequence[str]) -> float:
    """Return how many words would be left on average, where frequent words weigh more."""
    groups: dict[Marks, float] = defaultdict(float)
    for rank, other in enumerate(left):
        groups[_marks(word, other)] += 1 / (3 + rank)
    total = sum(groups.values())
    return sum(weight * weight for weight in groups.values()) / total


def _breakers(left: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return words with many of the letters in which those that are left differ, as in -ight."""
    shared = set.intersection(*(set(word) for word in left))
    wanted = Counter(letter for word in left for letter in set(word) - shared)
    return sorted(words[:FREQUENT], key=lambda word: -sum(wanted[letter] for letter in set(word)))[:20]
