"""The agent plays, and plays the same again."""

import asyncio

import pytest
from newagent.agent import NewAgent

from clemsim import UsageError, find_arena


def play(arg: str) -> list[str]:
    """Return every reply in three episodes of taboo."""
    taboo = find_arena("taboo")()
    results = asyncio.run(taboo.run(taboo.instances()[:3], NewAgent(arg)))
    return [turn.replied.content for result in results for turn in result.transcript.turns]


def test_it_plays_and_plays_the_same_again() -> None:
    assert play("7") == play("7") != play("8")


def test_a_wrong_argument_is_told() -> None:
    with pytest.raises(UsageError, match="a number"):
        NewAgent("often")
