"""TextArena's environments as arenas, played with the real package where it is installed."""

from __future__ import annotations

import copy
import random
from importlib.util import find_spec

import pytest

from clemsim import Arena, UsageError, find_arena
from clemsim.interop.foreign.randomness import Randomness
from clemsim.interop.textarena.inner_model import AnswerWanted, InnerModel, Mailbox
from clemsim.testing import drive


def test_each_episode_draws_its_own_random_numbers() -> None:
    def draws(one: Randomness, other: Randomness | None = None) -> list[float]:
        drawn = []
        for _ in range(3):
            with one.own():
                drawn.append(random.random())
            if other:
                with other.own():
                    random.random()
        return drawn

    random.seed(1)
    before = random.getstate()
    alone = draws(Randomness(7))
    assert draws(Randomness(7), Randomness(8)) == alone != draws(Randomness(8))
    assert random.getstate() == before


def test_a_step_that_lacks_an_answer_is_taken_again_with_it() -> None:
    box = Mailbox()
    model = copy.deepcopy(InnerModel(box))
    with pytest.raises(AnswerWanted, match="alive"):
        model("Is it alive?")
    box.answers.append("Yes")
    box.again()
    assert model("Is it alive?") == "Yes"
    with pytest.raises(AnswerWanted, match="big"):
        model("Is it big?")


def test_without_the_package_the_line_says_what_to_install() -> None:
    if find_spec("textarena") is None:
        with pytest.raises(UsageError, match=r"pip install 'clemsim\[textarena\]'"):
            find_arena("textarena:ConnectFour-v0")
    else:
        with pytest.raises(UsageError, match="has no environment 'Nonsense-v0'"):
            find_arena("textarena:Nonsense-v0")


def connect_four() -> Arena:  # type: ignore[type-arg]
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    return find_arena("textarena:ConnectFour-v0")()


def test_a_game_is_scored_by_seat() -> None:
    arena = connect_four()
    transcript = drive(
        arena, arena.instances()[0], ["[col 0]", "[col 1]", "[col 0]", "[col 1]", "[col 0]", "[col 1]", "[col 0]"]
    )
    assert transcript.outcome and transcript.outcome.by_seat == {"player0": 1.0, "player1": -1.0}


def test_an_invalid_move_may_be_tried_again_as_the_environment_says_and_then_aborts() -> None:
    arena = connect_four()
    transcript = drive(arena, arena.instances()[0], ["[col 0]", "nonsense", "nonsense"])
    assert transcript.outcome and transcript.outcome.kind == "aborted" and transcript.outcome.blame == "player1"


def test_a_model_within_an_environment_is_a_seat() -> None:
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    arena = find_arena("textarena:TwentyQuestions-v0")()
    assert arena.seats == ("player0", "gamemaster")
    transcript = drive(arena, arena.instances()[0], ["Is it alive?", "Yes", "Is it big?", "No", "[nothing like it]"])
    asked = [turn.seat for turn in transcript.turns]
    assert asked == ["player0", "gamemaster", "player0", "gamemaster", "player0"]
    assert transcript.outcome and transcript.outcome.kind == "failure"
