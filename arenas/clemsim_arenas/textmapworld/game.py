"""Text map world: visit all rooms of a house, in as few moves as possible, and say when there are no more.

The explorer succeeds if it says `DONE` after it has visited every room, else it loses. Main score, in both cases: the
harmonic mean of the efficiency of its moves and of the share of rooms that it visited, both in percent; it is neither 100
for every success nor 0 for every loss. How it moves, and what is kept of clembench's, is in `clemsim_arenas.rooms.game`.
"""

from __future__ import annotations

from clemsim import Outcome
from clemsim_arenas.rooms.game import EXPLORER, Exploration, RoomMap
from clemsim_arenas.rooms.walk import Walk


class TextMapWorld(Exploration[RoomMap]):
    """Visit all rooms of an unknown house, and say when you are done."""

    name = "textmapworld"

    def judge(self, map_: RoomMap, walk: Walk) -> Outcome:
        """Return success where all rooms were visited."""
        if walk.complete:
            return Outcome.success(walk.quality)
        return Outcome.failure("some rooms were not visited", blame=EXPLORER, quality=walk.quality)
