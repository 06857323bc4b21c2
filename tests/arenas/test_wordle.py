"""The rules of wordle, one by one."""

from __future__ import annotations

import pytest
from clemsim_arenas.fiveletters.board import closeness, marks, repetitions, strategy
from clemsim_arenas.fiveletters.game import Target
from clemsim_arenas.wordle.game import Wordle

from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = Wordle()
WORD = Target(target="plant")
OTHERS = ("stare", "cloud", "plane", "plank", "plait", "slant")


def said(word: str) -> str:
    return f"explanation: it fits\nguess: {word}"


def play(*replies: str) -> Transcript[Target]:
    return drive(ARENA, WORD, replies)  # type: ignore[return-value]


def outcome(*replies: str) -> tuple[str, float | None]:
    found = play(*replies).outcome
    assert found is not None
    return found.kind, found.quality


@pytest.mark.parametrize(("round_", "quality"), [(1, 100), (2, 100), (3, 100), (4, 50), (5, 30), (6, 20)])
def test_quality_falls_with_the_rounds(round_: int, quality: float) -> None:
    assert outcome(*map(said, OTHERS[: round_ - 1]), said("plant")) == ("success", quality)


def test_six_wrong_guesses_lose() -> None:
    assert outcome(*map(said, OTHERS)) == ("failure", 0.0)


@pytest.mark.parametrize(
    "reply",
    [
        "guess: plant\nexplanation: it fits",
        "Explanation: it fits\nguess: plant",
        "explanation: it fits",
        "explanation: it fits\n\nguess: plant",
        "explanation: guess: plant\nguess: plant",
        "explanation: it fits\nguess: plants",
        "explanation: it fits\nguess: pl4nt",
        "explanation: it fits\nguess: plant.",
        "explanation: it fits\nguess:",
        "",
    ],
)
def test_a_broken_format_aborts(reply: str) -> None:
    assert outcome(reply) == ("aborted", None)


@pytest.mark.parametrize(
    "reply",
    [
        "explanation: it fits\nGUESS:plant",
        "explanation:\nguess: PLANT ",
        "explanation: it fits guess: plant",
        f" \n{said('plant')}\n",
    ],
)
def test_what_still_is_a_guess(reply: str) -> None:
    assert outcome(reply) == ("success", 100)


def test_five_unknown_words_in_a_row_are_asked_again() -> None:
    assert outcome(*[said("zzzzz")] * 5, said("plant")) == ("success", 100)
    assert outcome(*[said("zzzzz")] * 6) == ("aborted", None)


def test_a_valid_guess_resets_the_count() -> None:
    unknown = [said("zzzzz")] * 5
    assert outcome(*unknown, said("stare"), *unknown, said("plant")) == ("success", 100)


def test_a_broken_format_among_unknown_words_aborts() -> None:
    assert outcome(said("zzzzz"), "plant") == ("aborted", None)


def test_unknown_words_count_as_parsed_requests() -> None:
    scores, _ = ARENA.scores(play(said("zzzzz"), said("plant")))
    assert (scores["Request Count"], scores["Parsed Request Count"], scores["Violated Request Count"]) == (2, 2, 0)


@pytest.mark.parametrize(
    ("guess", "target", "expected"),
    [
        ("plant", "plant", "ggggg"),
        ("apple", "plant", "yyryr"),
        ("allow", "lolly", "rygyr"),
        ("eerie", "where", "yryrg"),
        ("added", "dread", "yyryg"),
    ],
)
def test_marks(guess: str, target: str, expected: str) -> None:
    assert "".join(mark[0] for mark in marks(guess, target)) == expected


def test_closeness() -> None:
    assert closeness(marks("apple", "plant")) == 3 + 3 + 3
    assert closeness(marks("plant", "plant")) == 25


def test_strategy() -> None:
    assert strategy(None, "plant", won=True) == 100
    assert strategy(None, "stare", won=False) == 0
    before = ("stare", marks("stare", "plant"))  # t yellow, a green; s, r, e red
    assert strategy(before, "plant", won=True) == 10 + 20
    assert strategy(before, "stare", won=False) == 10 + 20 - 60


def test_repetitions() -> None:
    assert repetitions(["stare", "cloud", "stare", "stare"]) == 2


@pytest.mark.parametrize(
    "reply",
    [
        "Explanation: x\nguess: plant",
        "explanation: x\n\nand more\n- my guess: plant\nmore",
        "explanation: my guess: was crane\nguess: plant",
        "explanation: x\ngueſs: plant\r",
    ],
)
def test_what_is_a_guess_by_v3(reply: str) -> None:
    found = drive(Wordle(rules="v3.0"), WORD, [reply]).outcome
    assert found is not None and found.kind == "success"


@pytest.mark.parametrize(
    "reply",
    [
        "explanation: x guess: plant",
        "explanation: x\nguess: plant\nguess: plant",
        "Explanatıon: x\nguess: plant",
        "guess: plant\nexplanation: x",
        "explanation: x\nguess:\nplant",
    ],
)
def test_what_is_no_guess_by_v3(reply: str) -> None:
    found = drive(Wordle(rules="v3.0"), WORD, [reply]).outcome
    assert found is not None and found.kind == "aborted"


def test_a_verbatim_reply_is_judged_with_the_white_space_around_it() -> None:
    reply = "explanation: x\nguess: plant\n"
    stripped = drive(Wordle(), WORD, [reply]).outcome
    verbatim = drive(Wordle(verbatim=True), WORD, [reply]).outcome
    assert stripped is not None and verbatim is not None
    assert (stripped.kind, verbatim.kind) == ("success", "aborted"), "a line break at the end begins a third line"
