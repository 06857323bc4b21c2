"""The rules of matchit_ascii, one by one."""

from __future__ import annotations

import pytest
from clemsim_arenas.matchit_ascii.clembench import MatchItPort
from clemsim_arenas.matchit_ascii.game import MatchItAscii, TwoGrids
from clemsim_arenas.matchit_ascii.gamelog import MatchItLog

from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = MatchItAscii()
GRIDS = TwoGrids(grid_a="a", grid_b="b", solution="different grids", questions=2)
DESCRIBED = ["DESCRIPTION: a", "DESCRIPTION: b"]
TURNS = ["ANSWER: yes", "QUESTION: a?", "ANSWER: no"]
TALK = [*DESCRIBED, "QUESTION: b?", *TURNS, "QUESTION: b?", *TURNS]
RIGHT, WRONG = "DECISION: different grids", "DECISION: same grid"


def play(*replies: str, arena: MatchItAscii = ARENA) -> Transcript[TwoGrids]:
    return drive(arena, GRIDS, replies)  # type: ignore[return-value]


def outcome(*replies: str, arena: MatchItAscii = ARENA) -> tuple[str, float | None, str | None]:
    found = play(*replies, arena=arena).outcome
    assert found is not None
    return found.kind, found.quality, found.blame


@pytest.mark.parametrize(
    ("decisions", "kind", "quality", "by_player"),
    [
        ([RIGHT, RIGHT], "success", 100, 100),
        ([RIGHT, WRONG], "failure", 0, 50),
        ([WRONG, RIGHT], "failure", 0, 50),
        ([WRONG, WRONG], "failure", 0, 0),
        ([RIGHT, "DECISION: no"], "failure", 0, 50),
        (["DECISION: no"], "failure", 0, 0),
    ],
)
def test_both_have_to_decide_rightly(decisions: list[str], kind: str, quality: float, by_player: float) -> None:
    played = play(*TALK, *decisions)
    assert outcome(*TALK, *decisions)[:2] == (kind, quality)
    assert ARENA.metrics(played)["Player Score"] == by_player


def test_who_is_asked_what() -> None:
    turns = play(*TALK, RIGHT, RIGHT).turns
    assert [turn.seat[-1] for turn in turns] == list("abbaabbaabba")
    given = [turn.asked.content for turn in turns]
    assert "DESCRIPTION: a" in given[2] and "DESCRIPTION: b" in given[3] and "QUESTION: b?" in given[3]
    assert "ANSWER: yes\n" in given[5] and "QUESTION: a?" in given[5] and "ANSWER: no\n" in given[11]
    assert [each["Request Count"] for each in ARENA.rounds(play(*TALK, RIGHT, RIGHT))] == [3, 4, 4, 1]


@pytest.mark.parametrize(
    "reply", ["DESCRIPTION:", "DESCRIPTION:\nmore", "DESCRIPTION: QUESTION: ANSWER:", " DESCRIPTION: x\n"]
)
def test_what_begins_with_its_tag(reply: str) -> None:
    assert "QUESTION: <" in play(reply, *TALK[1:], RIGHT, RIGHT).turns[2].asked.content


BROKEN = [
    "DESCRIPTION:x",
    "DESCRIPTION:\tx",
    "DESCRIPTION:\u00a0x",
    "DESCRIPTION:\r\nx",
    "**DESCRIPTION:** x",
    "Description: x",
    "",
]


@pytest.mark.parametrize("reply", [*BROKEN, "QUESTION: x?", "Abort"])
def test_a_broken_reply_loses_by_v3_0_and_aborts_by_v1_6(reply: str) -> None:
    assert outcome(reply) == ("failure", 0, "player_a")
    assert outcome(reply, arena=MatchItAscii(rules="v1.6")) == ("aborted", None, "player_a")
    metrics = ARENA.metrics(play(reply))
    assert (metrics["Invalid"], metrics["Request Count"], metrics["Violated Request Count"]) == (1.0, 1.0, 1.0)


def test_a_reply_that_begins_with_abort_aborts() -> None:
    assert outcome("abort, I say") == ("aborted", None, "player_a")
    assert ARENA.metrics(play("abort"))["Player Score"] is None


@pytest.mark.parametrize(
    "decision", ["DECISION: Different Grids.", "DECISION: different grids...", "DECISION: DIFFERENT grids"]
)
def test_what_is_a_decision(decision: str) -> None:
    assert outcome(*TALK, decision, RIGHT)[0] == "success"


@pytest.mark.parametrize(
    "decision",
    ["DECISION: the same grid", "DECISION: same grid!", "DECISION:  same grid", "DECISION: same grid, I think", "DECISION:"],
)
def test_a_decision_that_decides_nothing_counts_twice(decision: str) -> None:
    metrics = ARENA.metrics(play(*TALK, decision))
    assert (metrics["Request Count"], metrics["Violated Request Count"], metrics["Invalid"]) == (12.0, 1.0, 1.0)


def test_the_port_takes_the_tags_of_clembench_alone() -> None:
    log = MatchItLog()
    experiment = {"name": "similar_grid_1", **log.experiment(ARENA, GRIDS)}
    told = log.instance(ARENA, GRIDS)
    assert MatchItPort().instance(experiment, told, {}) == GRIDS.model_dump(exclude={"experiment", "id", "seed"})
    with pytest.raises(ValueError, match="no way to play with other tags"):
        MatchItPort().instance(experiment | {"flags": {}}, told, {})
