"""Whether a run that is gone on with would still be the same run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from clemsim.arena import Arena
from clemsim.catalog.suites import Suite
from clemsim.errors import UsageError
from clemsim.runtime.agent import Agent
from clemsim.runtime.episode import Episode
from clemsim.store.description import ArenaDescription, RunDescription, without_none
from clemsim.store.reader import EpisodeRow

# What may differ: a server that was updated or found its slots anew still serves the same model.
PASSING = {"server", "features", "build", "slots", "context"}


class PlayedRun(Protocol):
    """What is compared of a prepared run."""

    @property
    def suite(self) -> Suite:
        """The suite as it is now."""
        ...

    @property
    def arenas(self) -> Mapping[str, Arena[Any]]:
        """The arenas as they are now."""
        ...

    def episodes(self) -> Sequence[Episode]:
        """All episodes as they would be played now."""
        ...


def check_same(about: RunDescription, now: PlayedRun, rows: Iterable[EpisodeRow]) -> None:
    """Raise UsageError naming the first difference in suite, rules, prompts, word lists or instances."""
    _same("the seed of the suite", about.suite.seed, now.suite.seed)
    for name, arena in now.arenas.items():
        before = about.arenas.get(name, ArenaDescription())
        _same(f"the version of {name}", before.version, arena.version)
        _same(f"the digest of {name}'s prompts and word lists", before.files, arena.digest)
    episodes = {episode.key: episode for episode in now.episodes()}
    for row in rows:
        episode = episodes.get(row.key)
        if episode is None:
            raise UsageError(f"{row.key.label} of {row.key.cast} is no longer in suite {now.suite.name}")
        _same(f"the version of {row.key.arena}", row.version, now.arenas[row.key.arena].version)
        for field, value in episode.instance.model_dump(mode="json").items():
            _same(f"{field!r} of instance {row.key.label}", row.data.get(field), value)


def check_agents(about: RunDescription, agents: Iterable[Agent]) -> None:
    """Raise UsageError naming the first difference in what an agent, now open, says of itself."""
    for agent in agents:
        before, now = about.agents.get(agent.name, {}), without_none(agent.describe())
        for field in dict.fromkeys([*before, *now]):
            if field not in PASSING:
                _same(f"{field!r} of agent {agent.name}", before.get(field), now.get(field))


def _same(what: str, before: object, now: object) -> None:
    if before != now:
        raise UsageError(f"this would not be the same run: {what} was {before!r} and is {now!r}; begin a new one")
