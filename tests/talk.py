"""A game of a given length, and a simulated server to play it with on a virtual clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from clemsim_agents.llm import LLMSeat

from clemsim import Agent, Arena, Instance, Message, Outcome, Table, View
from clemsim.engines.base import Engine, Sampling
from clemsim.instances import EpisodeKey
from clemsim.loads import Steering
from clemsim.scheduling.episodes import Episode, Keeper
from clemsim.scheduling.scheduler import Scheduler
from tests.clock import run_virtually


class Topic(Instance):
    """So many turns, so many words each."""

    turns: int = 4
    words: int = 20


class Talk(Arena[Topic]):
    """One seat talks; every turn brings new words, so that no two episodes share anything but the server's template."""

    name, version = "talk", 1
    seats = ("speaker",)

    async def play(self, table: Table, topic: Topic, /) -> Outcome:
        """Ask, again and again."""
        for turn in range(topic.turns):
            await table.ask("speaker", f"{topic.id}, {turn}: " + "word " * topic.words)
        return Outcome.success()


class Watching(Keeper):
    """Keeps the results, which episodes began when, who answered them, and the width's history."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.history: list[Steering] = []
        self.replicas: dict[EpisodeKey, Counter[str]] = {}

    def started(self, episode: Episode) -> None:
        """One more."""
        self.begun.append(episode.key.label)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Which replica answered."""
        if message.usage:
            self.replicas.setdefault(key, Counter())[message.usage.replica] += 1

    def steered(self, steering: Steering) -> None:
        """One more."""
        self.history.append(steering)


def topics(count: int, turns: Callable[[int], int] = lambda number: 4, words: int = 20) -> list[Topic]:
    """Instances."""
    return [
        Topic(id=number, experiment=f"{turns(number)} turns", turns=turns(number), words=words) for number in range(count)
    ]


def seat(engine: Engine, longest: int = 2000) -> Agent:
    """The engine as an agent."""
    return LLMSeat(engine, Sampling(max_tokens=longest))


def talk(
    agent: Agent, some: Iterable[Topic], width: int | None = None, *, admission: bool = True, depth_first: bool = True
) -> tuple[Watching, float]:
    """What was seen, and virtual seconds."""

    async def main() -> Watching:
        watching = Watching()
        scheduler = Scheduler(watching, width, admission=admission, depth_first=depth_first)
        async with agent:
            await scheduler.play(Talk().episodes(some, agent))
        return watching

    return run_virtually(main())
