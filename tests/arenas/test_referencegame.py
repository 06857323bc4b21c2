"""The rules of referencegame, one by one."""

from __future__ import annotations

from time import process_time

import pytest
from clemsim_arenas.referencegame.game import Grids, ReferenceGame

from clemsim.game.messages import Message
from clemsim.testing import drive

THREE = Grids(grids=("X", "▢", "O"), order=(2, 0, 1))


def outcome(*replies: str) -> tuple[str, float | None, str | None]:
    found = drive(ReferenceGame(), THREE, replies).outcome
    assert found is not None
    return found.kind, found.quality, found.blame


@pytest.mark.parametrize(
    "answer", ["Answer: second", "answer: 2", "ANSWER:Second", "Answer: second or first", " Answer: second.\n"]
)
def test_the_right_grid_wins(answer: str) -> None:
    assert outcome("Expression: filled", answer) == ("success", 100, None)


@pytest.mark.parametrize(
    "answer", ["Answer: first", "Answer: 3", "Answer: first or second", "Answer: fırst", "Anſwer: ſecond"]
)
def test_a_wrong_grid_loses(answer: str) -> None:
    assert outcome("Expression: filled", answer) == ("failure", 0, None)


@pytest.mark.parametrize("answer", ["second", "Answer: the second", "Answer: second\nbecause", "The Answer: second", ""])
def test_any_other_answer_aborts(answer: str) -> None:
    assert outcome("Expression: filled", answer) == ("aborted", None, "follower")


@pytest.mark.parametrize("expression", ["filled", "Expression:", "Expression: filled\nand more", "My Expression: filled"])
def test_any_other_description_aborts(expression: str) -> None:
    assert outcome(expression) == ("aborted", None, "giver")


def test_a_long_description_that_is_none_is_read_in_one_pass() -> None:
    begun = process_time()
    assert outcome("Expression:" + " " * 2**17 + "a\nb") == ("aborted", None, "giver")
    assert process_time() - begun < 15, "trying each blank anew took a minute"


def test_the_follower_reads_the_whole_expression_and_its_own_order() -> None:
    driven = ReferenceGame().drive(THREE)
    driven.answer(1, Message("giver", "expression: FILLED"))
    content = driven.pending[0].asked.content
    assert "expression: FILLED" in content
    assert content.index("O") < content.index("\nX\n") < content.index("▢\n\nYour")


def test_lengths() -> None:
    scores, _ = ReferenceGame().scores(drive(ReferenceGame(), THREE, ["Expression: all filled", "Answer: 2"]))
    assert scores["Generated Expression Length"] == len("Expression: all filled")
    assert scores["Generated Expression Number of Tokens"] == 3
