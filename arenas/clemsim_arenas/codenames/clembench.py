"""The port of codenames: reads clembench's files of the game."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim._util.files import read_text
from clemsim.interop.clembench.port import JsonObject, Port, with_placeholders
from clemsim_arenas.codenames.board import KINDS
from clemsim_arenas.codenames.gamelog import STRIP, CodenamesLog

FIELDS = {f"${kind}_words": kind for kind in KINDS} | {"$board": "words", "$clue": "clue", "$number": "number"}
# What is said of the guesses stands in clembench's code.
FEEDBACK = {
    "right_one": "The word $words was guessed correctly.",
    "right_many": "The words $words were guessed correctly.",
    "wrong": "The word $word was guessed but is an $kind word.",
    "end_cluegiver": "Your teammate's turn ended there.",
    "end_guesser": "Your turn ended there.",
}


class CodenamesPort(Port):
    """The instances hold the table; the prompts are four files that all instances share."""

    arena = folder = "codenames"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = CodenamesLog()
    untold = ("reveals",)
    stripped = True

    def texts(self, folder: Path, experiment: str) -> JsonObject:
        """Return the prompts. Raises UsageError."""
        return {
            f"{role}{again}": read_text(folder / "resources" / f"{stage}_prompts" / f"prompt_{role}.template")
            for role in ("cluegiver", "guesser")
            for again, stage in (("", "initial"), ("_again", "intermittent"))
        }

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the table and the opponent's pace. Raises ValueError for the generous mode, which clemsim does not play."""
        if others := [name for name, on in experiment["flags"].items() if on != (name == STRIP)]:
            raise ValueError(f"flag {others[0]!r} is set otherwise than in the benchmark: only its strict mode is played")
        return {
            "words": data["board"],
            **{kind: data["assignments"][kind] for kind in KINDS},
            "pace": experiment["opponent difficulty"],
            "reveals": texts.get("opponent_reveals"),
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return both players' messages."""
        told = {name: with_placeholders(texts[name], FIELDS) for name in ("cluegiver", "guesser")}
        again = {f"{name}_again": f"$feedback\n{with_placeholders(texts[f'{name}_again'], FIELDS)}" for name in told}
        return told | again | FEEDBACK
