"""How the variance of a score changes with the score.

Were the true score that at an end of an interval, the games would not have the means that were seen. Which means they would
have is taken from the likelihood: all are shifted in logits, each in proportion to the variance of its own estimate, until
the score is at that end (the maximum under the constraint; Miettinen and Nurminen 1985). So a game of few instances that
were all won bounds the score from below with the variance of a game that is not always won.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

FARTHEST = 500.0  # logits; farther is 0 or 1
SMALLEST = 1e-300


class Shift(Protocol):
    """A score as a function of a shift of all its games."""

    @property
    def plain(self) -> bool:
        """Whether the variance is the same multiple of score * (1 - score) everywhere."""

    def at(self, shift: float) -> tuple[float, float]:
        """Return the score (0..1) and the variance of its estimate after a shift; 0 is where it was seen."""


@dataclass(frozen=True, slots=True)
class MeanShift:
    """The mean over games; `games`: by game its mean in logits and its variance as a multiple of mean * (1 - mean)."""

    games: Sequence[tuple[float, float]]

    @property
    def plain(self) -> bool:
        return len(self.games) == 1

    def at(self, shift: float) -> tuple[float, float]:
        count = len(self.games)
        total = variance = 0.0
        for logit, multiple in self.games:
            moved = max(-FARTHEST, min(FARTHEST, logit + shift * multiple / count))
            mean = 1 / (1 + math.exp(-moved))
            total += mean
            variance += multiple * mean * (1 - mean)
        return total / count, max(SMALLEST, variance / count**2)


@dataclass(frozen=True, slots=True)
class ProductShift:
    """The product of two means whose estimates have a correlation."""

    first: Shift
    second: Shift
    correlation: float

    @property
    def plain(self) -> bool:
        return False

    def at(self, shift: float) -> tuple[float, float]:
        """Return product and variance (delta method); each mean moves as far as the other lets it bear on the product."""
        seen, others = self.first.at(0.0)[0], self.second.at(0.0)[0]
        one, first = self.first.at(shift * others)
        other, second = self.second.at(shift * seen)
        together = 2 * one * other * self.correlation * math.sqrt(first * second)
        return one * other, other * other * first + one * one * second + together


def logit(mean: float) -> float:
    """Return the log odds of a mean between 0 and 1."""
    return math.log(mean / (1 - mean))
