"""`clemsim play`: a person in one seat, with all input from stdin."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Clemsim, CommandResult

COOKBOOK = Path(__file__).parents[2] / "examples" / "cookbook"
UNDERCOVER = f"{COOKBOOK / 'undercover.py'}:Undercover"
BLAND = f"{Path(__file__).parents[1] / 'players.py'}:Bland"  # votes for the first name, and says one clue


@pytest.fixture
def say(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> Clemsim:
    """Return a function that plays with replies, each ended by an empty line."""

    def call(replies: list[str], *words: object) -> CommandResult:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{reply}\n\n" for reply in replies)))
        return clemsim("play", *words)

    return call


@pytest.mark.parametrize(("seat", "instance", "mine", "word", "others"), [
    ("player4", "players5/0", "player4", "coffee", "tea"),
    ("spy", "players7/2", "player3", "sea", "lake"),
    ("civilian", "players9/0", "player2", "coffee", "tea"),
])  # fmt: skip
def test_a_person_in_a_group_sees_what_the_seat_sees_and_nothing_else(
    say: Clemsim, seat: str, instance: str, mine: str, word: str, others: str
) -> None:
    replies = [text for out in (1, 2, 4, 5) for text in ("CLUE: warm", f"VOTE: player{out}")]
    played = say(replies, UNDERCOVER, "--seat", seat, "--instance", instance, "--agent", BLAND)
    assert played.code == 0, played.err
    assert f"You are {mine}, one of {instance[7]} players. Your word is: {word}" in played.err
    assert played.err.count("Your word is") == 1 and f"Your word is: {others}" not in played.err
    assert played.err.count("Your clue?") == played.err.count(f"{mine} is asked") // 2 and f"{mine}'s clue" not in played.err
    shown = {f"player{number}" for number in range(1, 10) if f"player{number}'s clue: a thing" in played.err}
    assert shown == {f"player{number}" for number in range(1, int(instance[7]) + 1)} - {mine}
    assert "VOTE: player1" not in played.err.replace("Reply: VOTE: <player>", ""), "what others reply is theirs"
    assert "player1 is out" in played.err and "success (" in played.out and " won" in played.out


def test_other_seats_and_roles_have_agents_of_their_own(say: Clemsim) -> None:
    agents = ("--agent", f"civilian={BLAND}", "--agent", "spy=random")
    played = say(["CLUE: warm", "VOTE: player1"] * 4, UNDERCOVER, "--seat", "player3", *agents)
    assert played.code == 0 and "player2's clue: a thing" in played.err and "player1's clue: a thing" not in played.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seat", "player6"], "has no seat 'player6' in players5/0: choose one of player1, player2, player3, player4"),
        (["--seat", "judge"], "undercover has no seat 'judge': choose one of player1, "),
        (["--agent", "player2=human"], "one person plays at a terminal, agents the other seats"),
        (["--agent", "human"], "you would see what two seats see"),
        (["--agent", "player1=random"], "player1 is your seat: choose another with --seat, or leave this out"),
        (["--agent", "random", "--agent", BLAND], "the other seats have random: give SEAT=SPEC for one of them"),
        (["--agent", "plyer2=random"], "there is no seat 'plyer2'"),
        (["--agent", "baseline"], "there is no baseline for undercover"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(say: Clemsim, words: list[str], said: str) -> None:
    refused = say([], UNDERCOVER, *words)
    assert refused.code == 2 and said in refused.err and len(refused.err.splitlines()) == 1


def test_nothing_is_shown_twice_and_nothing_is_left_out(say: Clemsim) -> None:
    adventure = f"{COOKBOOK / 'adventure.py'}:Adventure"
    played = say(["DO: look"] * 7 + ["DO: leave"], adventure)
    assert played.err.count("A text adventure.") == 1, "which forgets, and keeps its system text"
    assert played.err.count("You are in the hall.") == 8 and "left without the lamp" in played.out
    told = say([], "privateshared", "--seat", "answerer")
    assert "FROM:" in told.err and "answerer, put into your mouth" in told.err and "the input has ended" in told.err


def test_input_that_is_no_text_ends_the_game(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n\n"), encoding="utf-8"))
    played = clemsim("play", "wordle")
    assert played.code == 2 and "the input cannot be read" in played.err
