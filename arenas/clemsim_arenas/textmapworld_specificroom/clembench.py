"""The port of textmapworld_specificroom: reads clembench's files of the game, and writes them."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.port import JsonObject
from clemsim_arenas.rooms.clembench import RoomsPort
from clemsim_arenas.rooms.gamelog import RoomsLog
from clemsim_arenas.rooms.walk import distances

GOAL = "$GOAL$"


class SpecificRoomLog(RoomsLog):
    """With a goal."""

    aim: ClassVar = {"goal": GOAL}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return map, prompts, patterns and the goal."""
        away = distances(instance.doors, instance.start)
        far = next((steps for room, steps in away.items() if room.lower() == instance.goal.lower()), None)
        return {
            **super().instance(arena, instance),
            "Specific_Room": instance.goal,
            "Specific_Room_Distance": str(far),
        }


class SpecificRoomPort(RoomsPort):
    """Find a room."""

    arena = "textmapworld_specificroom"
    log = SpecificRoomLog()
    files = tuple(f"textmapworld_specificroom/in/{name}.json" for name in ("instances_{version}", "instances"))
    aim: ClassVar = {GOAL: "goal"}

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the map, the start and the goal."""
        return {**super().instance(experiment, data, texts), "goal": data["Specific_Room"]}
