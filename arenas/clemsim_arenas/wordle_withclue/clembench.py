"""The port of wordle_withclue: reads clembench's files of the game."""

from __future__ import annotations

from clemsim_arenas.fiveletters.clembench import FiveLettersPort


class WordleWithCluePort(FiveLettersPort):
    """Wordle with a clue."""

    arena = "wordle_withclue"
    files = ("in/instances_withclue_{version}.json", "in/instances_withclue_{version}_en.json", "in/instances_withclue.json")
    clue = True
