"""The port of textmapworld_graphreasoning: reads clembench's files of the game, and writes them."""

from __future__ import annotations

from typing import Any

from clemsim import Turn
from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import LogBuilder
from clemsim.interop.clembench.port import JsonObject
from clemsim_arenas.rooms.clembench import RoomsPort
from clemsim_arenas.rooms.gamelog import RoomsLog

# The form of replies as clembench's instances have it; `replies` reads no other.
FORM = (
    r'^\{\s*"action":\s*"([^{}]*?)"\s*,\s*"graph":\s*'
    r'(\{\s*"nodes"\s*:\s*\[.*?\]\s*,\s*"edges"\s*:\s*\{.*?\}\s*\})\s*\}$'
)


class GraphReasoningLog(RoomsLog):
    """With drawn maps."""

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return map, prompts and patterns."""
        return {**super().instance(arena, instance), "Response_Construction": FORM}

    def moved(self, log: LogBuilder, turn: Turn) -> None:
        """Log the map that came with a move."""
        log.note("graph", turn.move["graph"])


class GraphReasoningPort(RoomsPort):
    """Visit all rooms and draw a map."""

    arena = "textmapworld_graphreasoning"
    log = GraphReasoningLog()
    files = tuple(f"textmapworld_graphreasoning/in/{name}.json" for name in ("instances_{version}", "instances"))

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the map, where replies have the form that is known."""
        if data["Response_Construction"] != FORM:
            raise ValueError(f"there is no way to read replies of the form {data['Response_Construction']!r}")
        return super().instance(experiment, data, texts)
