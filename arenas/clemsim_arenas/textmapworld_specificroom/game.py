"""Text map world with a goal: find a given room of a house, and say that you are there.

The explorer is told the name of the goal. It succeeds, with main score 100, if it says `DONE` in that room, else it loses
with 0; to have passed the goal earlier does not help. How it moves, and what is kept of clembench's, is in
`clemsim_arenas.rooms.game`. `efficiency` and `exploration` are those of visiting all rooms, and `old_benchscore` their
harmonic mean; after each loop the counting of `loops` begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import model_validator

from clemsim import Outcome, Transcript
from clemsim_arenas.rooms.game import EXPLORER, Exploration, RoomMap
from clemsim_arenas.rooms.walk import Walk


class GoalMap(RoomMap):
    """A map, and the room that is to be found."""

    goal: str

    @model_validator(mode="after")
    def _goal_is_a_room(self) -> Self:
        if self.goal.lower() not in map(str.lower, self.doors):
            raise ValueError(f"the goal {self.goal!r} is no room")
        return self


class TextMapWorldSpecificRoom(Exploration[GoalMap]):
    """Find a given room of an unknown house, and say when you are there."""

    name = "textmapworld_specificroom"

    def aim(self, map_: GoalMap) -> dict[str, str]:
        """Return the name of the goal."""
        return {"goal": map_.goal}

    def judge(self, map_: GoalMap, walk: Walk) -> Outcome:
        """Return success in the goal, in whatever case its name is given."""
        if walk.rooms[-1].lower() == map_.goal.lower():
            return Outcome.success()
        return Outcome.failure("that is not the goal", blame=EXPLORER)

    def loops(self, walk: Walk) -> int:
        """Return how often the explorer went back and forth, as this game counts."""
        return walk.loops(forgetful=True)

    def metrics(self, transcript: Transcript[GoalMap], /) -> Mapping[str, float | None]:
        """Return what the walk came to, with the main score of textmapworld as `old_benchscore`."""
        own = super().metrics(transcript)
        return {**own, "old_benchscore": None if own["moves"] is None else self.walk(transcript).quality}
