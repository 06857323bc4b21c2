"""Playing `Talk` on a virtual clock, and what is to be seen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from clemsim import Agent, Message, View
from clemsim.engines.base import Engine, Sampling
from clemsim.game.instances import EpisodeKey
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import ResultCollector, WidthSample
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, Topic, topics
from clemsim.testing import run_virtually

__all__ = ["Talk", "Topic", "Watching", "seat", "talk", "topics"]


class Watching(ResultCollector):
    """Keeps the results, which episodes began when, who answered them, and the width's history."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.history: list[WidthSample] = []
        self.replicas: dict[EpisodeKey, Counter[str]] = {}

    def started(self, key: EpisodeKey) -> None:
        """One more."""
        self.begun.append(key.label)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Which replica answered."""
        if message.usage:
            self.replicas.setdefault(key, Counter())[message.usage.replica] += 1

    def width_sampled(self, sample: WidthSample) -> None:
        """One more."""
        self.history.append(sample)


def seat(engine: Engine, longest: int = 2000) -> Agent:
    """The engine as an agent."""
    return ModelAgent(engine, Sampling(max_tokens=longest))


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
