"""The agent plays, and plays the same again."""

import asyncio

import pytest
from clemsim import UsageError, find_arena

from newagent import agent
from newagent.agent import NewAgent


def play(player: str | NewAgent) -> list[str]:
    """Return every reply in three episodes of taboo. An agent is given, or named as after --agent."""
    taboo = find_arena("taboo")()
    results = asyncio.run(taboo.run(taboo.instances()[:3], player))
    return [
        turn.replied.content for result in results for turn in result.transcript.turns
    ]


def test_it_plays_by_its_file_and_plays_the_same_again() -> None:
    assert play(f"{agent.__file__}:NewAgent") == play(NewAgent())


def test_its_argument_decides_the_draws() -> None:
    assert play(NewAgent("7")) == play(NewAgent("7")) != play(NewAgent("8"))


def test_a_wrong_argument_is_told() -> None:
    with pytest.raises(UsageError, match="a number"):
        NewAgent("often")
