"""The episodes behind the golden transcripts: which instance, and what was replied, in the order of the asks.

To write the transcripts anew after the rules or prompts have changed: python -m tests.golden.write
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# arena -> outcome -> (instance, replies)
Case = tuple[Mapping[str, Any], Sequence[str]]

_WORD = {"experiment": "high_en", "id": 1, "target": "winter", "related": ["snow", "cold", "season"]}
_TARGET = {"experiment": "high_frequency", "id": 1, "target": "plant"}
_ROW = "X X X X X\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢"
_COLUMN = "\n".join(["X ▢ ▢ ▢ ▢"] * 5)
_DIAGONAL = "X ▢ ▢ ▢ ▢\n▢ X ▢ ▢ ▢\n▢ ▢ X ▢ ▢\n▢ ▢ ▢ X ▢\n▢ ▢ ▢ ▢ X"
_GRIDS = {"experiment": "row_grids", "id": 1, "grids": [_ROW, _COLUMN, _DIAGONAL], "order": [2, 0, 1]}


def _guess(word: str) -> str:
    return f"explanation: it fits what I know\nguess: {word}"


CASES: dict[str, dict[str, Case]] = {
    "taboo": {
        "success": (
            _WORD,
            ["CLUE: the months when lakes freeze", "GUESS: ice", "CLUE: comes after autumn", "GUESS: Winter."],
        ),
        "failure": (_WORD, ["CLUE: the months when lakes freeze", "GUESS: ice", "CLUE: the coldest months? no, cold ones"]),
        "aborted": (_WORD, ["CLUE: the months when lakes freeze", "Is it ice?"]),
    },
    "wordle": {
        "success": (_TARGET, [_guess("stare"), _guess("zzzzz"), _guess("plain"), _guess("PLANT")]),
        "failure": (_TARGET, [_guess(word) for word in ("stare", "cloud", "plane", "plank", "plait", "slant")]),
        "aborted": (_TARGET, [_guess("stare"), "guess: plant"]),
    },
    "referencegame": {
        "success": (_GRIDS, ["Expression: the top row is filled", "Answer: second"]),
        "failure": (_GRIDS, ["Expression: the top row is filled", "Answer: 1"]),
        "aborted": (_GRIDS, ["Expression: the top row is filled", "It is the second one."]),
    },
}
