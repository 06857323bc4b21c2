"""A run before it is played: everything that its configuration names is found and checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from clemsim import suites
from clemsim.agent import Agent, Cast
from clemsim.arena import Arena
from clemsim.engines.base import Sampling
from clemsim.errors import UsageError
from clemsim.events import Event
from clemsim.folder import RunConfig
from clemsim.instances import EpisodeKey, Instance
from clemsim.registry import AgentOptions, find_arena, make_casts
from clemsim.scheduling.episodes import Episode
from clemsim.suites import Suite


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that could begin: everything named was found."""

    config: RunConfig
    suite: Suite
    arenas: Mapping[str, Arena[Any]]
    casts: Sequence[Cast]
    instances: Mapping[str, Sequence[Instance]]

    @property
    def agents(self) -> list[Agent]:
        """Everyone in any cast, once each."""
        return list(dict.fromkeys(agent for cast in self.casts for agent in cast.agents))

    def episodes(self, recorded: Mapping[EpisodeKey, Sequence[Event]] | None = None) -> list[Episode]:
        """All episodes of the run."""
        config = self.config
        return [
            episode
            for cast in self.casts
            for name, arena in self.arenas.items()
            for episode in arena.episodes(
                self.instances[name],
                cast,
                seed=config.seed,
                repetitions=config.repetitions,
                recorded=recorded,
            )
        ]


def prepare(config: RunConfig) -> Prepared:
    """Find everything that a configuration names. Raises UsageError and BadInstance."""
    check_played_here(config)
    suite = suites.load(config.suite)
    arenas = {}
    for spec in config.arenas or suite.arenas:
        kind = find_arena(spec)
        arenas[kind.name] = kind(suite.folder_of(kind.name))
    instances = {name: suite.instances(arena, config.instances, config.only) for name, arena in arenas.items()}
    sampling = Sampling(temperature=config.temperature, max_tokens=config.max_tokens)
    options = AgentOptions(sampling, config.constrain, config.width, config.isolate_cache, config.batch)
    casts = make_casts(config.agents, options)
    for cast in casts:
        for arena in arenas.values():
            check_cast(arena, cast)
    return Prepared(config, suite, arenas, casts, instances)


def check_played_here(config: RunConfig) -> None:
    """Raise UsageError for an imported run: it is to be read, and keeps the scores that it came with."""
    if config.imported:
        raise UsageError(f"this run was imported from {config.imported}: it can be shown, but not played or scored again")


def check_cast(arena: Arena[Any], cast: Cast) -> None:
    """Raise UsageError if a seat of the arena is empty or its agent can't play there."""
    for seat in arena.seats:
        agent = cast.agent(seat)
        if agent is None:
            raise UsageError(f"nobody sits at {seat!r} of {arena.name}: add --agent {seat}=SPEC, or one plain --agent SPEC")
        agent.check(arena.name, [seat])


def prepare_arenas(config: RunConfig) -> dict[str, Arena[Any]]:
    """The arenas of a run without its agents. Raises UsageError."""
    check_played_here(config)
    suite = suites.load(config.suite)
    kinds = [find_arena(spec) for spec in config.arenas or suite.arenas]
    return {kind.name: kind(suite.folder_of(kind.name)) for kind in kinds}


@asynccontextmanager
async def opened(agents: Iterable[Agent]) -> AsyncIterator[None]:
    """Open all agents, and close those that were opened whatever happens."""
    async with AsyncExitStack() as stack:
        for agent in agents:
            await stack.enter_async_context(agent)
        yield
