"""How long episodes last and how much of a server's cache they fill, learned from those that are over."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Mean:
    """A running mean."""

    count: int = 0
    value: float = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.count += 1
        self.value += (value - self.value) / self.count


@dataclass(slots=True)
class EpisodeEstimates:
    """What to expect of an episode of some group; of a group never seen, what all others were like."""

    turns_of: dict[Hashable, Mean] = field(default_factory=dict)
    turns: Mean = field(default_factory=Mean)
    tokens: Mean = field(default_factory=Mean)  # of all conversations of an episode at its end

    def learn(self, group: Hashable, turns: int, tokens: int) -> None:
        """An episode is over after so many turns, with so many tokens in its seats' contexts."""
        self.turns_of.setdefault(group, Mean()).add(turns)
        self.turns.add(turns)
        if tokens:
            self.tokens.add(tokens)

    def length(self, group: Hashable) -> float:
        """Turns of an episode."""
        known = self.turns_of.get(group)
        return known.value if known else self.turns.value
