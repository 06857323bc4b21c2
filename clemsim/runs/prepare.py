"""A run before it is played: everything that its configuration names is found and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.arena import Arena
from clemsim.catalog import suites
from clemsim.catalog.agents import AgentOptions, check_cast, make_casts
from clemsim.catalog.plugins import find_arena
from clemsim.catalog.suites import Suite
from clemsim.engines.base import Sampling
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import UsageError
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.runtime.agent import Agent, Cast
from clemsim.runtime.episode import Episode
from clemsim.store.config import RunConfig


@dataclass(frozen=True, slots=True)
class PreparedRun:
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


def prepare(config: RunConfig, servers: ServerPool | None = None) -> PreparedRun:
    """Find everything that a configuration names; `servers` owns the servers that are started for its agents.

    Raises UsageError and BadInstance.
    """
    check_played_here(config)
    suite = suites.load(config.suite)
    arenas = {}
    for spec in config.arenas or suite.arenas:
        kind = find_arena(spec)
        arenas[kind.name] = kind(suite.folder_of(kind.name))
    instances = {name: suite.instances(arena, config.instances, config.only) for name, arena in arenas.items()}
    sampling = Sampling(temperature=config.temperature, max_tokens=config.max_tokens)
    options = AgentOptions(
        sampling, config.constrain, config.width, config.isolate_cache, config.batch, servers=servers or ServerPool()
    )
    casts = make_casts(config.agents, options)
    for cast in casts:
        for arena in arenas.values():
            check_cast(arena, cast)
    return PreparedRun(config, suite, arenas, casts, instances)


def check_played_here(config: RunConfig) -> None:
    """Raise UsageError for an imported run: it is to be read, and keeps the scores that it came with."""
    if config.imported:
        raise UsageError(f"this run was imported from {config.imported}: it can be shown, but not played or scored again")


def prepare_arenas(config: RunConfig) -> dict[str, Arena[Any]]:
    """The arenas of a run without its agents. Raises UsageError."""
    check_played_here(config)
    suite = suites.load(config.suite)
    kinds = [find_arena(spec) for spec in config.arenas or suite.arenas]
    return {kind.name: kind(suite.folder_of(kind.name)) for kind in kinds}
