"""The episodes behind the golden transcripts: which instance, and what was replied, in the order of the asks.

To write the transcripts anew after the rules or prompts have changed: python -m tests.golden.write
"""

from __future__ import annotations

import json
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


_CLUED = {**_TARGET, "clue": "a living thing with roots and leaves"}
_PICTURE = {"experiment": "compact_grids", "id": 1, "target": _ROW}
_FIRST = "X X ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢"
_PRIVATE = {
    "experiment": "restaurant",
    "id": 1,
    "tag": "WAITER",
    "situation": "You are a guest in a restaurant.",
    "slots": {"drink": "Black tea", "main": "Lamb stew"},
    "requests": [{"slot": "main", "text": "And for the main course?"}, {"slot": "drink", "text": "Something to drink?"}],
    "probes": [{"drink": "Does the waiter know your drink?", "main": "Does the waiter know your main dish?"}] * 3,
}

_LISTED = {"experiment": "Level_1", "id": 1, "target": "robin", "candidates": ["robin", "oak", "lake", "cow"]}
_PAIR = {"id": 1, "grid_a": _ROW, "grid_b": _COLUMN, "solution": "different grids", "questions": 1}
_TALK = [
    *("DESCRIPTION: the top row", "DESCRIPTION: the left column", "QUESTION: Is row 2 empty?", "ANSWER: yes"),
    *("QUESTION: Is column 1 filled?\nI think so.", "ANSWER:"),
]
_HOUSE = {
    "experiment": "small",
    "id": 1,
    "doors": {"Hall": {"east": "Attic", "north": "Loft"}, "Attic": {"west": "Hall"}, "Loft": {"south": "Hall"}},
    "start": "Hall",
}


def _drawn(action: str, *nodes: str, **edges: list[list[str]]) -> str:
    return json.dumps({"action": action, "graph": {"nodes": nodes, "edges": edges}})


def _guess(word: str) -> str:
    return f"explanation: it fits what I know\nguess: {word}"


def _opinion(agreement: str) -> str:
    return f"explanation: it goes with the clue\nagreement: {agreement}"


def _asides(*words: str) -> list[str]:
    return [f"ASIDE: {word}" for word in words]


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
    "wordle_withclue": {
        "success": (_CLUED, [_guess("shrub"), _guess("plant")]),
        "failure": (_CLUED, [_guess(word) for word in ("stare", "cloud", "plane", "plank", "plait", "slant")]),
        "aborted": (_CLUED, [_guess("zzzzz"), _guess("flower")]),
    },
    "wordle_withcritic": {
        "success": (
            _CLUED,
            [_guess("shrub"), _opinion("yes"), _guess("shrub"), _guess("plank"), _opinion("no"), _guess("plant")],
        ),
        "failure": (_CLUED, [_guess("shrub"), _opinion("no"), _guess("shrub")] * 6),
        "aborted": (_CLUED, [_guess("shrub"), _opinion("yes.")]),
    },
    "imagegame": {
        "success": (_PICTURE, ["Command: fill row 1 with X", _ROW, "Command: DONE"]),
        "failure": (_PICTURE, ["Command: put an X into the first two cells", _FIRST, "command : done"]),
        "aborted": (_PICTURE, ["Command: fill row 1 with X", "X X X X X"]),
    },
    "privateshared": {
        "success": (
            _PRIVATE,
            [
                *_asides("no", "not yet"),
                "ANSWER: The lamb stew, please.",
                "ASIDE: no",
                "Yes, I have ordered it.",
                "ASIDE: yes",
                "ANSWER: black tea",
                *_asides("yes", "Yes."),
            ],
        ),
        "failure": (
            _PRIVATE,
            [*_asides("no", "no"), "ANSWER: Chicken", *_asides("no", "no"), "ANSWER: Black tea", *_asides("yes", "yes")],
        ),
        "aborted": (_PRIVATE, [*_asides("no", "no"), "Lamb stew"]),
    },
    "guesswhat": {
        "success": (
            _LISTED,
            ["QUESTION: Is it an animal?", "ANSWER: Yes.", "QUESTION:Can it fly", "ANSWER: yes", "GUESS: Robin!"],
        ),
        "failure": (_LISTED, ["QUESTION: Is it an animal?", "ANSWER: yes", "GUESS: cow"]),
        "aborted": (_LISTED, ["QUESTION: Is it an animal?", "ANSWER: no", "QUESTION: Is the target word a noun?"]),
    },
    "matchit_ascii": {
        "success": (_PAIR, [*_TALK, "DECISION: Different grids.", "DECISION: different grids"]),
        "failure": (_PAIR, [*_TALK, "DECISION: different grids", "DECISION: they differ"]),
        "aborted": (_PAIR, [_TALK[0], "abort"]),
    },
    "textmapworld": {
        "success": (_HOUSE, ["GO: east", "go:West", "GO: west", "GO: north", "done"]),
        "failure": (_HOUSE, ["GO: east", "GO: west", "DONE"]),
        "aborted": (_HOUSE, ["GO: east", "I am DONE."]),
    },
    "textmapworld_graphreasoning": {
        "success": (
            _HOUSE,
            [
                _drawn("GO: east", "Hall"),
                _drawn("GO: West", "Hall", "Attic", east=[["Hall", "Attic"]]),
                _drawn("GO: west", "Hall", "Attic", east=[["Hall", "Attic"]]),
                _drawn("GO: north", "Hall", "Attic", east=[["Hall", "Attic"]]),
                _drawn("done"),
            ],
        ),
        "failure": (_HOUSE, [_drawn("DONE", "Hall")]),
        "aborted": (_HOUSE, [_drawn("GO: east", "Hall"), _drawn("GO: DONE", "Hall", "Attic")]),
    },
    "textmapworld_specificroom": {
        "success": (_HOUSE | {"goal": "Loft"}, ["GO: south", "GO: north", "DONE"]),
        "failure": (_HOUSE | {"goal": "Loft"}, ["GO: north", "GO: south", "DONE"]),
        "aborted": (_HOUSE | {"goal": "Hall"}, ["GO: east"] + ["GO: west", "GO: east"] * 9 + ["GO: west"]),
    },
}
