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

_DEAL = {
    "experiment": "risk_high",
    "id": 1,
    "seed": 3,
    "words": ["king", "apple", "river", "queen", "stone", "cloud"],
    "team": ["queen", "king"],
    "opponent": ["apple", "cloud"],
    "innocent": ["river"],
    "assassin": ["stone"],
}


def _clue(clue: str, *targets: str) -> str:
    return f"CLUE: {clue}\nTARGETS: {', '.join(targets)}"


_ROOM = {
    "experiment": "0_easy_3obj_en",
    "id": 1,
    "background": ["╔═╤═╗", "║◌│◌║", "║◌│◌║", "╚═╧═╝"],
    "objects": [{"C": [1, 1], "L": [3, 2]}, {"C": [3, 1], "L": [3, 2]}],
    "penalties": 1,
    "rounds": 3,
}
_GOODS = {
    "experiment": "semi_en",
    "id": 1,
    "mode": "semi",
    "one": ["hat", "egg"],
    "more": ["hats", "eggs"],
    "counts": [2, 1],
    "values": [[5, 0], [1, 8]],
    "messages": 2,
}
_CARGO = {
    "experiment": "negotiation_hard_en",
    "id": 1,
    "weights": {"A07": 30, "B12": 50, "C80": 40},
    "values": [{"A07": 10, "B12": 60, "C80": 20}, {"A07": 60, "B12": 10, "C80": 20}],
    "limit": 80,
    "mode": "inverse",
    "best": [70, 80],
    "best_harmonic": 93.33333333333333,
}


def _message(text: str, *parts: str) -> str:
    return "\n".join(["STRATEGIC REASONING: {I will see.}", f"ARGUMENT: {{{text}}}", *parts])


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
    "clean_up": {
        "success": (
            _ROOM,
            [
                "MOVE: C, (3, 1)",
                "SAY: C is at (1, 1), L at (3, 2)",
                "`MOVE: C, (1,1)`",
                "SAY: Very well.",
                "SAY: Then we are finished?",
                "SAY: finished!",
            ],
        ),
        "aborted": (_ROOM, ["SAY: Hello", "OK", "MOVE: C, (2, 1)", "SAY: Hello"]),
    },
    "dond": {
        "success": (
            _GOODS,
            ["I need the hats.", "And I the egg. Deal!", "[Proposal: 2 hats]", "Here it is: [proposal: 1 EGG, 0 hats,]"],
        ),
        "failure": (_GOODS, ["A hat for you?", "", "[Proposal: 2 hat]", "[Proposal: 1 hat, 1 egg]"]),
        "aborted": (_GOODS, ["All yours?", "Well.", "So?", "What?", "I take [2 hats]."]),
    },
    "hot_air_balloon": {
        "success": (
            _CARGO,
            [
                _message("I need B12.", "PROPOSAL: {'B12', 'A07'}"),
                "I agree!",
                _message("Rather this.", "REFUSE: {'A07', 'B12'}", "PROPOSAL: {'A07', 'C80'}"),
                _message("Well.", "AGREE: {'C80', 'A07'}"),
            ],
        ),
        "failure": (_CARGO, [_message("Mine.", "AGREE: {'B12'}"), *[_message("Mine.", "PROPOSAL: {'B13'}")] * 2]),
        "aborted": (_CARGO, [_message("I need B12.", "PROPOSAL: {B12}"), "PROPOSAL: {'B12'}", "B12"]),
    },
    "codenames": {
        "success": (
            _DEAL,
            [
                _clue("crowns", "queen", "river"),
                "GUESS: queen, river",
                'TARGETS: "king"\nCLUE: Monarch.',
                "GUESS: KING",
            ],
        ),
        "failure": (_DEAL, [_clue("crown", "queen", "king"), "GUESS: queen,stone"]),
        "aborted": (_DEAL, [_clue("crown", "queen"), "GUESS: queen", _clue("kings", "king")]),
    },
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
