"""The port of wordle_withclue: reads clembench's files of the game."""

from __future__ import annotations

from clemsim_arenas.fiveletters.clembench import FiveLettersPort
from clemsim_arenas.fiveletters.gamelog import WithClueLog


class WordleWithCluePort(FiveLettersPort):
    """Wordle with a clue."""

    arena = "wordle_withclue"
    log = WithClueLog()
    files = ("in/instances_withclue_{version}.json", "in/instances_withclue_{version}_en.json", "in/instances_withclue.json")
    clue = True
