"""The marks of a wordle guess, and what can be counted on them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

Mark = Literal["green", "yellow", "red"]
Marks = tuple[Mark, ...]
Guess = tuple[str, Marks]

CLOSENESS = {"green": 5, "yellow": 3, "red": 0}
STRATEGY = {"green": 20, "yellow": 10, "red": -20}
_LETTER = re.compile(r"([a-z])<(green|yellow|red)>")


def marks(guess: str, target: str) -> Marks:
    """Green: right letter, right place; yellow: elsewhere in the target; red: not there.

    Greens come first; the letters of the target that remain are then used up by the yellows from left to right.
    """
    left = Counter(wanted for said, wanted in zip(guess, target, strict=True) if said != wanted)
    found: list[Mark] = []
    for said, wanted in zip(guess, target, strict=True):
        if said == wanted:
            found.append("green")
        elif left[said] > 0:
            left[said] -= 1
            found.append("yellow")
        else:
            found.append("red")
    return tuple(found)


def feedback(guess: str, found: Marks) -> str:
    """Such as `a<green> p<yellow> l<red>`."""
    return " ".join(f"{letter}<{mark}>" for letter, mark in zip(guess, found, strict=True))


def parse_feedback(text: str) -> Guess:
    """The guess and marks that `feedback` wrote."""
    pairs = _LETTER.findall(text)
    return "".join(letter for letter, _ in pairs), tuple(mark for _, mark in pairs)


def closeness(found: Marks) -> int:
    """5 for each green, 3 for each yellow."""
    return sum(CLOSENESS[mark] for mark in found)


def strategy(before: Guess | None, guess: str, *, won: bool) -> int:
    """How a guess uses the feedback on the one before it; 100 for winning with the very first.

    20 for each green letter used again, wherever it stands, 10 for each yellow one, -20 for each red one. A letter counts
    once for each mark it got; so does clembench, whose documents speak of places.
    """
    if before is None:
        return 100 if won else 0
    marked = set(zip(*before, strict=True))
    return sum(STRATEGY[mark] for letter, mark in marked if letter in guess)


def repetitions(guesses: Sequence[str]) -> int:
    """How many guesses had been made before."""
    return len(guesses) - len(set(guesses))
