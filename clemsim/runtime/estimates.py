"""How long episodes last and how much of a server's cache they fill, learned from those that have ended."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


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
    """Estimates for an episode of a group; for a group never seen, the means of all others."""

    turns_of: dict[Hashable, RunningMean] = field(default_factory=dict)
    turns: RunningMean = field(default_factory=RunningMean)
    tokens: RunningMean = field(default_factory=RunningMean)  # of all conversations of an episode at its end

    def learn(self, group: Hashable, turns: int, tokens: int) -> None:
        """Take in an episode that ended after `turns` turns with `tokens` tokens in its seats' contexts."""
        self.turns_of.setdefault(group, RunningMean()).add(turns)
        self.turns.add(turns)
        if tokens:
            self.tokens.add(tokens)

    def length(self, group: Hashable) -> float:
        """Return the expected number of turns of an episode."""
        mean = self.turns_of.get(group)
        return mean.value if mean else self.turns.value
