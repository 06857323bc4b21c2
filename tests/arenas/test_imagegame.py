"""The rules of imagegame, one by one."""

from __future__ import annotations

import pytest
from clemsim_arenas.imagegame.drawing import BLANK, NONE, GridMatch, changed, match
from clemsim_arenas.imagegame.game import GRID, ROUNDS, ImageGame, Picture

from clemsim.game.messages import Message
from clemsim.testing import drive

TARGET = "A A A A A\n▢ ▢ ▢ ▢ ▢\n▢ ▢ B ▢ ▢\n▢ ▢ ▢ ▢ ▢\n▢ ▢ ▢ ▢ ▢"
PICTURE = Picture(target=TARGET)
DO, DONE = "Command: draw it", "Command: DONE"


def outcome(*replies: str) -> tuple[str, float | None, str | None]:
    found = drive(ImageGame(), PICTURE, replies).outcome
    assert found is not None
    return found.kind, found.quality, found.blame


def test_the_last_grid_counts() -> None:
    assert outcome(DO, TARGET, DONE) == ("success", 100, None)
    assert outcome(DO, TARGET, DO, BLANK, DONE) == ("failure", 0, None)


def test_f1_is_the_main_score() -> None:
    half = TARGET.replace("A A A A A", "A A ▢ ▢ X")  # 3 of 4 right, 3 of 6 found
    assert outcome(DO, half, DONE) == ("failure", 60, None)


def test_done_at_once_is_a_failure() -> None:
    assert outcome(DONE) == ("failure", 0, None)
    scores, rounds = ImageGame().scores(drive(ImageGame(), PICTURE, [DONE]))
    assert (scores["Main Score"], scores["F1"], rounds) == (0, 0, [])


def test_fifty_rounds_end_the_game() -> None:
    assert outcome(*[DO, TARGET] * ROUNDS) == ("success", 100, None)


@pytest.mark.parametrize("reply", [DONE, "command: done", " COMMAND :\tDone \n", "command:DONE"])
def test_ways_to_be_done(reply: str) -> None:
    assert outcome(DO, TARGET, reply)[0] == "success"


@pytest.mark.parametrize("reply", ["Command:draw", "draw", "Command: one\nCommand: two", "Command: ", "", "Now, Command: x"])
def test_another_form_of_instruction_aborts(reply: str) -> None:
    assert outcome(reply) == ("aborted", None, "giver")


@pytest.mark.parametrize("reply", ["COMMAND: draw", "command: DONE.", "Command:  DONE it"])
def test_what_still_is_an_instruction(reply: str) -> None:
    assert outcome(reply, TARGET, DONE)[0] == "success"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Here:\n" + TARGET,
        TARGET.lower(),
        TARGET.replace(" ", ""),
        TARGET.replace("▢", "."),
        TARGET.replace("\n", "\n\n"),
        "\n".join(TARGET.splitlines()[:4]),
        TARGET + "\nDone.",
    ],
)
def test_what_is_no_grid_aborts(reply: str) -> None:
    assert outcome(DO, reply) == ("aborted", None, "follower")


def test_line_breaks_around_a_grid_are_tolerated() -> None:
    assert outcome(DO, f"\n\n{TARGET}\n", DONE)[0] == "success"


def test_the_follower_sees_no_target() -> None:
    driven = ImageGame().drive(PICTURE)
    driven.answer(1, Message("giver", DO))
    (ask,) = driven.pending
    assert all("A A A A A" not in message.content for message in driven.view(ask))


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (TARGET, GridMatch(100, 100, 100)),
        (TARGET.lower(), GridMatch(100, 100, 100)),
        (TARGET.replace("B", "C"), GridMatch(83, 83, 83)),
        (TARGET.replace("B", "▢"), GridMatch(100, 83, 91)),
        (TARGET.replace("A A A A A", "A\tA A A A"), NONE),
        (TARGET.replace(" ", "\n"), NONE),
        (BLANK, GridMatch(1, 2, 3)),
        (TARGET.replace("▢ B ▢", "▢\u00a0B ▢"), GridMatch(1, 2, 3)),
    ],
)
def test_precision_recall_and_f1(drawn: str, expected: GridMatch) -> None:
    assert match(TARGET, drawn, GridMatch(1, 2, 3)) == expected


@pytest.mark.parametrize(("drawn", "cells"), [(TARGET, 6), (BLANK, 0), (TARGET.replace(" ", "\n"), 0), (TARGET[:9], 0)])
def test_changed_cells(drawn: str, cells: int) -> None:
    assert changed(BLANK, drawn) == cells


@pytest.mark.parametrize(("rules", "of_the_round"), [("v1.6", 100), ("v3.0", 0)])
def test_an_empty_grid_scores_nothing_at_the_end_and_by_v3_in_every_round(rules: str, of_the_round: float) -> None:
    game = ImageGame(rules=rules)
    for replies, quality in (([DO, TARGET, DO, BLANK, DONE], 0), ([DO, TARGET, DO, BLANK, DO, TARGET, DONE], 100)):
        scores, rounds = game.scores(drive(game, PICTURE, replies))
        assert scores["Main Score"] == scores["F1"] == quality
        assert rounds[1]["F1"] == of_the_round


def test_averages_have_four_decimals_and_requests_are_events() -> None:
    game = ImageGame()
    scores, rounds = game.scores(
        drive(game, PICTURE, [DO, TARGET, "Command: more Instruction: ab", TARGET, DO, TARGET, DONE])
    )
    assert scores["Average Changed Cell Count"] == 2 and scores["Average Generated Instruction Length"] == 16.3333
    assert (scores["Request Count"], scores["Request Success Ratio"], rounds[0]["Request Count"]) == (20, 1, 6)
    scores, _ = game.scores(drive(game, PICTURE, [DO, "?"]))
    assert (scores["Request Count"], scores["Violated Request Count"], scores["Request Success Ratio"]) == (6, 1, 0.8333)


def test_metrics_of_rounds() -> None:
    first = TARGET.replace("A A A A A", "▢ ▢ ▢ ▢ ▢")
    scores, rounds = ImageGame().scores(
        drive(ImageGame(), PICTURE, ["Command: B", first, "Command: fill row 1", TARGET, DONE])
    )
    assert [each["Changed Cell Count"] for each in rounds] == [1, 5]
    assert scores["Average Changed Cell Count"] == 3
    assert scores["Average Generated Instruction Length"] == (len("Command: B") + len("Command: fill row 1")) / 2
    assert scores["Average Generated Expression Number of Tokens"] == 3
    assert (rounds[0]["Precision"], rounds[0]["Recall"], rounds[0]["F1"]) == (100, 17, 29)


def test_a_grid_can_be_held_to_its_form() -> None:
    assert GRID.format is not None
    assert GRID.format.accepts(TARGET) and not GRID.format.accepts(TARGET.lower())
