"""Text map world: visit all rooms of a house, in as few moves as possible, and say when there are no more.

The explorer succeeds if it says `DONE` after it has visited every room, else it loses. Main score, in both cases: the
harmonic mean of the efficiency of its moves and of the share of rooms that it visited, both in percent; it is neither 100
for every success nor 0 for every loss. How it moves, and what is kept of clembench's, is in `clemsim_arenas.rooms.game`.
"""

from __future__ import annotations

from clemsim_arenas.rooms.game import Tour


class TextMapWorld(Tour):
    """Visit all rooms of an unknown house, and say when you are done."""

    name = "textmapworld"
