"""Runs: many episodes, one folder.

A run is prepared first (suite, arenas, agents, all checked and opened) and only then gets its folder, so that nothing
is left half-written when something is missing. Playing, going on and scoring again all end in the same summary, made
from the store.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic, time
from typing import Any

from clemsim import store, suites
from clemsim.agent import Agent, Cast, View
from clemsim.arena import Arena
from clemsim.engines.base import Sampling
from clemsim.errors import StoreError, UsageError
from clemsim.events import Event
from clemsim.folder import (
    STORE,
    RunConfig,
    alone,
    check_folder,
    default_folder,
    making,
    read_config,
    read_description,
    write_description,
    write_summary,
)
from clemsim.instances import EpisodeKey, Instance
from clemsim.loads import Steering
from clemsim.messages import Message
from clemsim.registry import AgentOptions, find_arena, make_casts
from clemsim.sameness import check_agents, check_same
from clemsim.scheduling.episodes import Episode, Observer, Progress, Result
from clemsim.scheduling.limits import Limits
from clemsim.scheduling.scheduler import Scheduler
from clemsim.scores.intervals import Cluster, Point, point
from clemsim.suites import Suite
from clemsim.transcript import Transcript


@dataclass(slots=True)
class Tally:
    """Running scores by cast and arena, kept up without looking back."""

    scores: dict[str, dict[str, Cluster]] = field(default_factory=dict)

    def add(self, key: EpisodeKey, result: Result) -> None:
        """Count a finished episode."""
        if result.outcome is None:
            return
        arenas = self.scores.setdefault(key.cast, {})
        old = arenas.get(key.arena, Cluster(0, 0, 0, 0.0))
        quality = result.outcome.quality
        arenas[key.arena] = Cluster(
            old.episodes + 1,
            old.played + (result.outcome.kind != "aborted"),
            old.scored + (quality is not None),
            old.total + (quality or 0.0),
        )

    def points(self) -> dict[str, list[Point]]:
        """%Played and Quality of each arena, by cast."""
        return {cast: [point([cluster]) for cluster in arenas.values()] for cast, arenas in self.scores.items()}


@dataclass(frozen=True, slots=True)
class Live:
    """A run while it goes on: what a display may look at, and how to stop it."""

    folder: Path
    progress: Progress
    tally: Tally
    stop: Callable[[], None]


Watch = Callable[[Live], Coroutine[Any, Any, None]]

HEARTBEAT = 1.0  # seconds


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
    casts = make_casts(config.agents, AgentOptions(sampling, config.constrain, config.width))
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


async def play(
    config: RunConfig,
    out: Path | None = None,
    watch: Watch | None = None,
    limits: Limits | None = None,
    past: Sequence[Event] = (),
) -> dict[str, Any]:
    """Play a run into a new folder and return its summary; every episode goes on after the events in `past`.

    Raises ClemsimError; the folder then keeps what was played.
    """
    prepared = prepare(config)
    folder = out or default_folder(config)
    check_folder(folder)
    async with opened(prepared.agents):
        create(folder, prepared, past)
        with alone(folder):
            recorded = {episode.key: past for episode in prepared.episodes()}
            return await _go(folder, prepared, prepared.episodes(recorded), watch, limits)


async def resume(folder: Path, watch: Watch | None = None, limits: Limits | None = None) -> dict[str, Any]:
    """Go on with a run: play what is unfinished, each episode from its next turn on.

    Raises UsageError where the run would not be the same any more, and every other ClemsimError.
    """
    about = read_description(folder)
    with alone(folder):
        prepared = prepare(read_config(folder))
        with store.reading(folder / STORE) as base:
            rows = list(store.episodes(base))
            past = {row.key: store.events(base, row.id) for row in rows if row.outcome is None}
        check_same(about, prepared, rows)
        episodes = [episode for episode in prepared.episodes(past) if episode.key in past]
        if not episodes:
            return write_summary(folder)
        async with opened(prepared.agents):
            check_agents(about, prepared.agents)
            return await _go(folder, prepared, episodes, watch, limits)


def rescore(folder: Path) -> dict[str, Any]:
    """Compute every score of a run anew from its transcripts and return the summary. Raises StoreError."""
    arenas = prepare_arenas(read_config(folder))
    with alone(folder), store.reading(folder / STORE) as base:
        writer = store.RunStore(folder / STORE, create=False)
        try:
            for row in store.episodes(base):
                if row.outcome is not None:
                    arena = arenas[row.key.arena]
                    transcript = Transcript(row.key, arena.load(row.data), tuple(store.events(base, row.id)))
                    writer.score(row.key, *arena.scores(transcript))
        finally:
            writer.close()
    return write_summary(folder)


def prepare_arenas(config: RunConfig) -> dict[str, Arena[Any]]:
    """The arenas of a run without its agents. Raises UsageError."""
    check_played_here(config)
    suite = suites.load(config.suite)
    kinds = [find_arena(spec) for spec in config.arenas or suite.arenas]
    return {kind.name: kind(suite.folder_of(kind.name)) for kind in kinds}


async def _go(
    folder: Path, prepared: Prepared, episodes: Sequence[Episode], watch: Watch | None, limits: Limits | None
) -> dict[str, Any]:
    writer = store.RunStore(folder / STORE, create=False)
    tally = Tally()
    scheduler = Scheduler(Scribe(writer, prepared.arenas, tally), prepared.config.width, limits)
    live = Live(folder, scheduler.progress, tally, scheduler.stop)
    try:
        async with beside(_keep_session(writer, scheduler.progress)), beside(watch(live) if watch else None):
            await scheduler.play(episodes)
    finally:
        writer.close()
        summary = write_summary(folder)
    return summary


@asynccontextmanager
async def beside(coroutine: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Run something until the block is over."""
    task = asyncio.ensure_future(coroutine) if coroutine else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _keep_session(writer: store.RunStore, progress: Progress) -> None:
    """Put down now and then how long the session has lasted, so that a killed one counts too."""
    begun, started = time(), monotonic()
    try:
        while True:
            await asyncio.sleep(HEARTBEAT)
            writer.session(begun, {"seconds": monotonic() - started, "peak_in_flight": progress.peak_in_flight})
    finally:
        with suppress(StoreError):  # the failure of the store itself is raised when it is closed
            writer.session(begun, {"seconds": monotonic() - started, "peak_in_flight": progress.peak_in_flight})


@dataclass(frozen=True, slots=True)
class Scribe(Observer):
    """Takes a run down into its store and scores each episode as it ends."""

    writer: store.RunStore
    arenas: Mapping[str, Arena[Any]]
    tally: Tally

    def record(self, key: EpisodeKey, index: int, events: list[Event]) -> None:
        self.writer.record(key, index, events)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        self.writer.request(key, agent, view, message, prefix)

    def steered(self, steering: Steering) -> None:
        self.writer.steered(steering)

    def started(self, episode: Episode) -> None:
        self.writer.started(episode.key)

    def finished(self, episode: Episode, result: Result) -> None:
        self.tally.add(episode.key, result)
        if result.outcome is None:
            self.writer.unfinished(episode.key, result.cause, result.detail)
            return
        scores, rounds = self.arenas[episode.key.arena].scores(result.transcript)
        self.writer.ended(episode.key, result.outcome, scores, rounds)


@asynccontextmanager
async def opened(agents: Iterable[Agent]) -> AsyncIterator[None]:
    """Open all agents, and close those that were opened whatever happens."""
    async with AsyncExitStack() as stack:
        for agent in agents:
            await stack.enter_async_context(agent)
        yield


def create(folder: Path, prepared: Prepared, past: Sequence[Event] = ()) -> None:
    """Make the folder with its configuration and a store that knows every episode. Raises StoreError."""
    with making(folder) as draft:
        write_description(draft, describe(prepared))
        writer = store.RunStore(draft / STORE)
        for episode in prepared.episodes():
            writer.enlist(episode.key, episode.instance, prepared.arenas[episode.key.arena].version)
            writer.record(episode.key, 0, past)
        writer.meta("run", folder.name)
        writer.close()


def describe(prepared: Prepared) -> dict[str, Any]:
    """The full configuration of a run; no secrets."""
    return {
        "config": _settled(prepared.config),
        "suite": {
            "name": prepared.suite.name,
            "seed": prepared.suite.seed,
            "language": prepared.suite.language,
        },
        "arenas": {name: {"version": arena.version, "files": arena.digest} for name, arena in prepared.arenas.items()},
        "agents": {agent.name: agent.describe() for agent in prepared.agents},
        "made": {
            "clemsim": version("clemsim"),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        },
    }


def _settled(config: RunConfig) -> dict[str, Any]:
    """The configuration with the whole paths of suites and games, so that a run can be gone on with from anywhere."""
    suite = config.suite if config.suite in suites.available() else str(Path(config.suite).resolve())
    arenas = [_whole(spec) if ".py" in spec else spec for spec in config.arenas]
    return {**config.model_dump(), "suite": suite, "arenas": arenas, "agents": list(config.agents)}


def _whole(spec: str) -> str:
    path, _, name = spec.rpartition(":")
    return f"{Path(path).resolve()}:{name}"
