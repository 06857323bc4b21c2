"""A recorded run that stands for arm A: a stack as it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clemsim.canary.comparison import ARMS, Comparison, played_arm
from clemsim.canary.measures import PlayedArm
from clemsim.errors import UsageError
from clemsim.game.events import Replied
from clemsim.runs.stopping.order import Unit
from clemsim.store import reader
from clemsim.store.folder import STORE


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run played, by game and instance; `name` is that of its agent."""

    folder: Path
    name: str
    played: Mapping[Unit, PlayedArm]

    @property
    def label(self) -> str:
        """The agent and where its run is."""
        return f"{self.name} in {self.folder}"

    def tell(self, comparison: Comparison) -> None:
        """Tell a comparison of all that it looks at."""
        for unit in comparison.order:
            comparison.take(ARMS[0], unit, self.played[unit])


def read_recorded(folder: Path) -> Recorded:
    """Read the episodes of a run that have ended, the first repetition of each. Raises StoreError, and UsageError unless it
    has exactly one agent.
    """
    with reader.reading(folder / STORE) as base:
        rows = [row for row in reader.episodes(base) if row.key.repetition == 0]
        casts = sorted({row.key.cast for row in rows})
        if len(casts) != 1:
            raise UsageError(f"{folder} has {len(casts)} agents ({', '.join(casts)}): give a run of one")
        played = {}
        for row in rows:
            if row.outcome is not None:
                costs = reader.requests(base, row.id).values()
                tokens = sum(cost["tokens_out"] or 0 for cost in costs)
                seconds = sum(cost["seconds"] or 0.0 for cost in costs)
                replies = {event.turn: event.said for event in reader.events(base, row.id) if isinstance(event, Replied)}
                played[row.key.arena, row.key.instance] = played_arm(row.outcome, tokens, seconds, replies)
    return Recorded(folder, casts[0], played)
