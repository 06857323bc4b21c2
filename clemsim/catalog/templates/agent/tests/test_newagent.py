"""The agent plays, and plays the same again."""

import asyncio

import pytest
from clemsim import UsageError, find_arena

from newagent.agent import NewAgent


def play(agent: str | NewAgent) -> list[str]:
    """Return every reply in three episodes of taboo. An agent is given, or named as after --agent."""
    taboo = find_arena("taboo")()
    results = asyncio.run(taboo.run(taboo.instances()[:3], agent))
    return [
        turn.replied.content for result in results for turn in result.transcript.turns
    ]


def test_it_plays_by_its_name_and_plays_the_same_again() -> None:
    assert play("newagent:7") == play(NewAgent("7")) != play("newagent:8")


def test_a_wrong_argument_is_told() -> None:
    with pytest.raises(UsageError, match="a number"):
        NewAgent("often")
