"""The port of textmapworld: reads clembench's files of the game."""

from __future__ import annotations

from clemsim_arenas.rooms.clembench import RoomsPort
from clemsim_arenas.rooms.gamelog import RoomsLog


class TextMapWorldPort(RoomsPort):
    """Visit all rooms."""

    arena = "textmapworld"
    log = RoomsLog()
    files = tuple(f"textmapworld_main/in/{name}.json" for name in ("instances_{version}", "instances"))
