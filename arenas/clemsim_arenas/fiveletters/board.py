"""The marks of a wordle guess, and the numbers made of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

Mark = Literal["green", "yellow", "red"]
Marks = tuple[Mark, ...]
Guess = tuple[str, Marks]

# Points of each mark.
CLOSENESS = {"green": 5, "yellow": 3, "red": 0}
STRATEGY = {"green": 20, "yellow": 10, "red": -20}
_LETTER = re.compile(r"([a-z])<(green|yellow|red)>")


def marks(guess: str, target: str) -> Marks:
    """Return the mark of each letter. Green: right letter, right place; yellow: elsewhere in the target; red: not in it.

    Greens are given first; the yellows then use up the remaining letters of the target from left to right.
    """
    unmatched = Counter(right for letter, right in zip(guess, target, strict=True) if letter != right)
    given: list[Mark] = []
    for letter, right in zip(guess, target, strict=True):
        if letter == right:
            given.append("green")
        elif unmatched[letter] > 0:
            unmatched[letter] -= 1
            given.append("yellow")
        else:
            given.append("red")
    return tuple(given)


def feedback(guess: str, given: Marks) -> str:
    """Return the marks as text, such as `a<green> p<yellow> l<red>`."""
    return " ".join(f"{letter}<{mark}>" for letter, mark in zip(guess, given, strict=True))


def parse_feedback(text: str) -> Guess:
    """Return the guess and the marks that `feedback` wrote."""
    pairs = _LETTER.findall(text)
    return "".join(letter for letter, _ in pairs), tuple(mark for _, mark in pairs)


def closeness(given: Marks) -> int:
    """Return 5 for each green and 3 for each yellow."""
    return sum(CLOSENESS[mark] for mark in given)


def strategy(before: Guess | None, guess: str, *, won: bool) -> int:
    """Return how well a guess uses the feedback on `before`, the guess before it; 100 for winning with the first guess.

    Each green letter used again, wherever it stands, gives 20, each yellow one 10, each red one -20. A letter counts once
    for each mark it got, as in clembench's code (its documents speak of places).
    """
    if before is None:
        return 100 if won else 0
    marked = set(zip(*before, strict=True))
    return sum(STRATEGY[mark] for letter, mark in marked if letter in guess)


def repetitions(guesses: Sequence[str]) -> int:
    """Return how many guesses had been made before."""
    return len(guesses) - len(set(guesses))
