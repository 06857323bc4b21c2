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
_HUT = {
    "experiment": "delivery",
    "id": 1,
    "task": "Put the mug on the desk and the pear in the chest.",
    "notes": "You can carry two things at most.",
    "initial_state": [
        *("room(kitchen1,kitchen)", "room(study1,study)", "exit(kitchen1,study1)", "exit(study1,kitchen1)"),
        *("type(player1,player)", "at(player1,kitchen1)", "type(worktop1,worktop)", "at(worktop1,kitchen1)"),
        *("type(mug1,mug)", "at(mug1,kitchen1)", "on(mug1,worktop1)", "type(pear1,pear)", "at(pear1,study1)"),
        *("type(desk1,desk)", "at(desk1,study1)", "on(pear1,desk1)"),
        *("type(chest1,chest)", "at(chest1,study1)", "closed(chest1)"),
    ],
    "goal_state": ["on(mug1,desk1)", "in(pear1,chest1)"],
    "max_turns": 9,
    "optimal_turns": 6,
    "world": ["two_hands.toml", "house.toml", "opening.toml", "walking.toml"],
}


def _guess(word: str) -> str:
    return f"explanation: it fits what I know\nguess: {word}"


def _opinion(agreement: str) -> str:
    return f"explanation: it goes with the clue\nagreement: {agreement}"


def _asides(*words: str) -> list[str]:
    return [f"ASIDE: {word}" for word in words]


CASES: dict[str, dict[str, Case]] = {
    "adventuregame": {
        "success": (
            _HUT,
            [
                *("> take mug from worktop", "> go to the study", "> put mug on desk", "> put pear in chest"),
                *("> open chest", "> take pear", "> put the ripe pear into the chest!", "> done"),
            ],
        ),
        "failure": (_HUT, ["> take mug\n> go study", "> fly to study", "> go to study", "> put mug on desk", "> done"]),
        "aborted": (_HUT, ["> look around", "I go to the study, then I am done."]),
    },
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
}
