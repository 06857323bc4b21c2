"""A seat that is moved from outside, with agents in the other seats."""

from __future__ import annotations

import asyncio

import pytest

from clemsim import Agent, Message, UsageError, View
from clemsim.errors import AgentError
from clemsim.interop.environments.learning_seat import LearnersEpisode, LearningSeat, arena_of_suite

UNDERCOVER = "examples/cookbook/undercover.py:Undercover"
CONNECT_FOUR = "examples/cookbook/connect_four.py:ConnectFour"


class Dropper(Agent):
    """Drops into one column after another, and counts how many of its turns are in flight at once."""

    name, width = "dropper", 2

    def __init__(self) -> None:
        self.inside = self.most = 0

    async def reply(self, view: View) -> Message:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.001)
        self.inside -= 1
        return Message(view.seat, f"DROP: {view.turn % 7 + 1}")


class Broken(Agent):
    name = "broken"

    async def reply(self, view: View) -> Message:
        raise ValueError("no idea")


async def play(learning: LearningSeat, seed: int, reply: str) -> LearnersEpisode:
    episode = learning.play(learning.episodes().begin(seed))
    await episode.until_asked()
    while not episode.over:
        assert episode.stepped.seat == learning.seat
        await episode.move(reply)
    return episode


async def test_agents_play_until_the_seat_is_asked() -> None:
    learning = LearningSeat("taboo", "guesser")
    async with learning.opened():
        episode = await play(learning, 1, "GUESS: dog")
        with pytest.raises(UsageError, match="the episode is over"):
            await episode.move("GUESS: cat")
    assert learning.agents == {"describer": "baseline"}
    assert LearningSeat("wordle").agents == {}  # nobody else plays
    assert episode.stepped.outcome and episode.stepped.outcome.kind == "failure" and episode.reward == 0.0
    assert episode.metrics()["Lose"] == 1.0 and episode.metrics()["Request Count"] == 3.0


async def test_the_agents_of_all_episodes_together_keep_to_their_width() -> None:
    dropper = Dropper()
    learning = LearningSeat(CONNECT_FOUR, "yellow", dropper)
    async with learning.opened():
        episodes = await asyncio.gather(*(play(learning, seed, "DROP: 1") for seed in range(12)))
    assert dropper.most == 2
    assert all(episode.stepped.rewards().keys() == {"red", "yellow"} for episode in episodes)


async def test_what_an_agent_gets_wrong_is_its_error() -> None:
    learning = LearningSeat("taboo", "guesser", {"describer": Broken()})
    async with learning.opened():
        with pytest.raises(AgentError, match="agent broken raised ValueError: no idea"):
            await play(learning, 1, "GUESS: dog")


async def test_a_seat_plays_only_instances_that_have_it() -> None:
    learning = LearningSeat(UNDERCOVER, "player1", "random")
    arena = learning.arena
    assert learning.instances and all("player1" in arena.roles_for(instance) for instance in learning.instances)


def test_what_cannot_be_seated_gets_a_line() -> None:
    with pytest.raises(UsageError, match="taboo has no seat 'judge': choose one of describer, guesser"):
        LearningSeat("taboo", "judge")
    with pytest.raises(UsageError, match="guesser is the seat that learns"):
        LearningSeat("taboo", "guesser", ["guesser=baseline"])
    with pytest.raises(UsageError, match="random: the other seats have baseline"):
        LearningSeat("taboo", "guesser", ["baseline", "random"])
    with pytest.raises(UsageError, match="there is no seat 'judge'"):
        LearningSeat("taboo", "guesser", ["judge=baseline"])
    with pytest.raises(UsageError, match="are closed: play within"):
        asyncio.run(play(LearningSeat("taboo", "guesser"), 1, "GUESS: dog"))


def test_a_suite_chooses_the_instances() -> None:
    arena, some = arena_of_suite("taboo", "quick")
    every = arena_of_suite("taboo")[1]
    assert 0 < len(some) < len(every) and arena.name == "taboo"
