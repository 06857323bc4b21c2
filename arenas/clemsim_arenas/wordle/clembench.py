"""How clembench writes wordle."""

from __future__ import annotations

from clemsim_arenas.fiveletters.clembench import FiveLettersPort


class WordlePort(FiveLettersPort):
    """Without clue and critic."""

    arena = "wordle"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json")
