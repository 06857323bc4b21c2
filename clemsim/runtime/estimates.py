"""How long episodes last and how much of a server's cache they fill, learned from those that have ended."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import inf


@dataclass(slots=True)
class RunningMean:
    """A mean that takes one value after another."""

    count: int = 0
    value: float = 0.0

    def add(self, value: float) -> None:
        """Take one more value into the mean."""
        self.count += 1
        self.value += (value - self.value) / self.count


@dataclass(slots=True)
class EpisodeEstimates:
    """Estimates for an episode of a group. `longest`: the most steps of an episode of each group that has ended."""

    longest: dict[Hashable, int] = field(default_factory=dict)
    tokens: RunningMean = field(default_factory=RunningMean)  # of all conversations of an episode at its end

    def learn(self, group: Hashable, steps: int, tokens: int) -> None:
        """Take in an episode that ended after `steps` steps with `tokens` tokens in its seats' contexts."""
        self.longest[group] = max(steps, self.longest.get(group, 0))
        if tokens:
            self.tokens.add(tokens)

    def left(self, group: Hashable, steps: int) -> float:
        """Return how many steps an episode of which `steps` were taken may take yet: as many as the longest of its group;
        without end where none has ended so far, or it has lasted longer itself, for such are the last to end.
        """
        longest = self.longest.get(group, 0)
        return longest - steps if longest > steps else inf
