"""TextArena's environments as arenas, played with the real package where it is installed."""

from __future__ import annotations

import asyncio
import copy
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

import clemsim
from clemsim import Arena, Message, UsageError, find_arena
from clemsim.errors import ParserError
from clemsim.game.events import Replied
from clemsim.interop.textarena.environment import Environment
from clemsim.interop.textarena.game import MOST_MOVES
from clemsim.interop.textarena.inner_model import AnswerWanted, InnerModel, Mailbox
from clemsim.runs.replay import replay
from clemsim.runs.session import LiveRun
from clemsim.store.config import RunConfig
from clemsim.testing import drive


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


def test_as_many_play_as_the_name_says() -> None:
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    arena = find_arena("textarena:SecretMafia-v0:8")
    assert arena.seats == tuple(f"player{number}" for number in range(8)) and not arena.seats_differ()
    assert arena.foreign.startswith("TextArena ")
    with pytest.raises(UsageError, match="takes 6 to 15 players: '5' is none of these"):
        find_arena("textarena:SecretMafia-v0:5")


def test_a_jury_that_votes_before_the_first_move_is_a_seat() -> None:
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    arena = find_arena("textarena:Debate-v0")()
    driver = arena.drive(arena.instances()[0])
    asked = []
    while driver.outcome is None:
        ask = driver.pending[0]
        asked.append(ask.seat)
        driver.answer(ask.turn, Message(ask.seat, "Negative" if "player1" in asked else "Affirmative"))
    jury = ["gamemaster"] * asked.index("player0")
    assert len(jury) > 1 and asked == [*jury, *["player0", "player1"] * 3, *jury]
    assert driver.outcome.by_seat and sorted(driver.outcome.by_seat.values()) == [-1, 1]


def test_a_reward_and_a_reason_in_each_others_place_are_put_right() -> None:
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    arena = find_arena("textarena:Countdown-v0")()
    outcome = drive(arena, arena.instances()[0], ["nonsense", "nonsense"]).outcome
    assert outcome and outcome.kind == "aborted" and outcome.reason.startswith("invalid move: Invalid action format")


def test_an_environment_that_fails_at_a_move_leaves_its_episode_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = connect_four()

    def fail(*_: object) -> bool:
        raise IndexError("column 99")

    monkeypatch.setattr(Environment, "move", fail)
    driver = arena.drive(arena.instances()[0])
    with pytest.raises(
        ParserError, match=r"ConnectFour-v0 of TextArena .* failed at a move of player0: IndexError: column 99"
    ):
        driver.answer(1, Message("player0", "[col 99]"))
    assert isinstance(driver.events[-1], Replied)


def test_an_environment_that_does_not_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = connect_four()
    monkeypatch.setattr(Environment, "move", lambda *_: False)
    outcome = drive(arena, arena.instances()[0], ["[col 1]"] * MOST_MOVES).outcome
    assert (
        outcome
        and outcome.reason == f"not over after {MOST_MOVES} moves"
        and outcome.by_seat == {"player0": 0, "player1": 0}
    )


PLAYER = """
import asyncio, random
from clemsim import Agent, Message

class Player(Agent):
    name = "player"
    def __init__(self, arg, options):
        pass
    async def reply(self, view):
        await asyncio.sleep(0.002)
        moves = {"ConnectFour": "[col %d]", "TicTacToe": "[%d]", "TwentyQuestions": "Is it %d?", "Mafia": "[Player %d]"}
        form = next(form for game, form in moves.items() if game in view.key.arena)
        return Message(view.seat, "Yes" if view.seat == "gamemaster" else form % random.Random(view.seed).randrange(6))
"""
GAMES = ("ConnectFour-v0", "TicTacToe-v0", "TwentyQuestions-v0", "SecretMafia-v0")


async def test_a_run_that_is_stopped_and_gone_on_with_ends_like_one_that_was_not(tmp_path: Path) -> None:
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    (tmp_path / "player.py").write_text(PLAYER)
    config = RunConfig(
        arenas=tuple(f"textarena:{game}" for game in GAMES), agents=(f"{tmp_path}/player.py:Player",), instances=5
    )

    async def stop(live: LiveRun) -> None:
        before = live.progress.turns
        while live.progress.turns < before + 40:  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.001)
        live.stop()

    whole = await clemsim.run(config, out=tmp_path / "whole")
    run = await clemsim.run(config, out=tmp_path / "stopped", watch=stop)
    assert run.summary.unfinished
    run = await clemsim.resume(run, watch=stop)
    assert run.summary.unfinished
    run = await clemsim.resume(run)
    assert run.summary.unfinished == 0 and run.summary.restarts is None
    for number in range(1, run.summary.episodes + 1):
        assert run.transcript(number) == whole.transcript(number)
    assert run.summary.arenas == whole.summary.arenas and run.summary.seat_scores == whole.summary.seat_scores
    assert not any(result.problem for result in replay(run.folder))


@pytest.mark.slow
def test_the_study_of_the_examples_says_who_wins_what(tmp_path: Path) -> None:
    pytest.importorskip("textarena", reason="TextArena is not installed: pip install textarena")
    example = Path(__file__).parents[2] / "examples" / "textarena_study"
    command = [sys.executable, "-m", "clemsim.cli.main", "study", "study.toml", "--trust", "--out", str(tmp_path / "s")]
    ran = subprocess.run(command, cwd=example, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    won = Counter[tuple[str, str]]()
    for store in tmp_path.rglob("run.db"):
        run = clemsim.open_run(store.parent)
        for number in range(1, 41):
            transcript = run.transcript(number, trust=True)
            seats = dict(part.split("=") for part in transcript.key.cast.split(","))
            assert transcript.outcome and transcript.outcome.by_seat
            winner = max(transcript.outcome.by_seat, key=transcript.outcome.by_seat.__getitem__)
            won[transcript.key.arena, seats[winner]] += 1
    assert won == {
        ("textarena:Nim-v0", "FarSighted"): 40,
        ("textarena:IteratedPrisonersDilemma-v0", "Greedy"): 40,
    }
