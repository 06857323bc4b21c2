"""How clembench writes wordle_withclue."""

from __future__ import annotations

from clemsim_arenas.fiveletters.clembench import FiveLettersPort


class WordleWithCluePort(FiveLettersPort):
    """With a clue."""

    arena = "wordle_withclue"
    files = ("in/instances_withclue_{version}.json", "in/instances_withclue_{version}_en.json")
    clue = True
