"""The port of wordle: reads clembench's files of the game."""

from __future__ import annotations

from clemsim_arenas.fiveletters.clembench import FiveLettersPort
from clemsim_arenas.fiveletters.gamelog import FiveLettersLog


class WordlePort(FiveLettersPort):
    """Wordle without clue and critic."""

    arena = "wordle"
    log = FiveLettersLog()
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")
