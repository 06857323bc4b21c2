"""Runs: many episodes, one folder.

A run is prepared first (suite, arenas, agents, all checked and opened) and only then gets its folder, so that nothing
is left half-written when something is missing. Playing, going on and scoring again all end in the same summary, made
from the store.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic, time
from typing import Any, Protocol

from clemsim import store, suites
from clemsim.errors import StoreError, UsageError
from clemsim.events import Event
from clemsim.folder import (
    ANSWERED,
    QUESTION,
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
from clemsim.instances import EpisodeKey
from clemsim.monitor import Facts, Monitor, total
from clemsim.outcomes import Outcome
from clemsim.preparing import Prepared, opened, prepare, prepare_arenas
from clemsim.sameness import check_agents, check_same
from clemsim.scheduling.episodes import Episode, Progress
from clemsim.scheduling.limits import Limits
from clemsim.scheduling.scheduler import Scheduler
from clemsim.scribe import Scribe, Tally
from clemsim.steer import obey
from clemsim.stopping import Question
from clemsim.transcript import Transcript
from clemsim.workers import Crew, Workers


@dataclass(frozen=True, slots=True)
class Live:
    """A run while it goes on: what a display may look at, and how to stop it."""

    folder: Path
    progress: Progress
    tally: Tally
    stop: Callable[[], None]


Watch = Callable[[Live], Coroutine[Any, Any, None]]

HEARTBEAT = 1.0  # seconds


class Player(Protocol):
    """What plays episodes: a scheduler here, or a crew of workers in other processes."""

    @property
    def progress(self) -> Progress:
        """Running totals."""

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all of them."""

    def stop(self) -> None:
        """Leave every episode where it is."""

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent."""

    def costs(self) -> list[Facts]:
        """What it took in other processes."""


async def play(
    config: RunConfig,
    out: Path | None = None,
    watch: Watch | None = None,
    limits: Limits | None = None,
    past: Sequence[Event] = (),
    workers: Workers | None = None,
) -> dict[str, Any]:
    """Play a run into a new folder and return its summary; every episode goes on after the events in `past`.

    Raises ClemsimError; the folder then keeps what was played.
    """
    prepared = prepare(config)
    question = _question(prepared, workers)
    folder = out or default_folder(config)
    check_folder(folder)
    async with opened(prepared.agents):
        create(folder, prepared, past)
        with alone(folder):
            recorded = {episode.key: past for episode in prepared.episodes()}
            return await _go(folder, prepared, recorded, watch, limits, workers, question)


async def resume(
    folder: Path,
    watch: Watch | None = None,
    limits: Limits | None = None,
    workers: Workers | None = None,
    **changes: int | None,
) -> dict[str, Any]:
    """Go on with a run: play what is unfinished, each episode from its next turn on, unless its question is answered.
    `changes`: of its configuration, in what makes no difference to the play: its width, or None for `stop_when`.

    Raises UsageError where the run would not be the same any more, and every other ClemsimError.
    """
    about = read_description(folder)
    with alone(folder):
        prepared = prepare(read_config(folder).model_copy(update=changes))
        with store.reading(folder / STORE) as base:
            rows = list(store.episodes(base))
            past: Mapping[EpisodeKey, Sequence[Event]] = {
                row.key: store.events(base, row.id) for row in rows if row.outcome is None
            }
        check_same(about, prepared, rows)
        question = _question(prepared, workers, rows)
        if question and question.answer:
            past, question = _begun(folder, question, past), None
        if not past:
            return write_summary(folder)
        async with opened(prepared.agents):
            check_agents(about, prepared.agents)
            return await _go(folder, prepared, past, watch, limits, workers, question)


def _question(prepared: Prepared, workers: Workers | None, rows: Iterable[store.EpisodeRow] = ()) -> Question | None:
    """The question that ends the run, told of what is over. Raises UsageError."""
    config = prepared.config
    if config.stop_when is None:
        return None
    if workers:
        raise UsageError(
            "--stop-when looks at episodes in their order, which workers don't keep: leave out --workers and --ray"
        )
    question = Question(config.stop_when, prepared.episodes(), config.seed)
    for row in rows:
        if row.outcome is not None:
            question.ended(row.key, row.outcome)
    return question


def _begun(
    folder: Path, question: Question, past: Mapping[EpisodeKey, Sequence[Event]]
) -> dict[EpisodeKey, Sequence[Event]]:
    """Of a run whose question is answered: the episodes that had begun; the others are put down as left."""
    writer = store.RunStore(folder / STORE, create=False)
    try:
        _answered(writer, question, [key for key, events in past.items() if not events])
    finally:
        writer.close()
    return {key: events for key, events in past.items() if events}


def _answered(writer: store.RunStore, question: Question, left: Iterable[EpisodeKey]) -> None:
    """Put down what came of a question; where it is answered, why the episodes that are left are not played."""
    found = question.describe()
    writer.meta(QUESTION, found)
    if found["answer"]:
        for key in left:
            writer.unfinished(key, ANSWERED, found["text"])


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


async def _go(
    folder: Path,
    prepared: Prepared,
    past: Mapping[EpisodeKey, Sequence[Event]],
    watch: Watch | None,
    limits: Limits | None,
    workers: Workers | None,
    question: Question | None,
) -> dict[str, Any]:
    """Play those episodes of a run that have a past, which may be empty."""
    writer = store.RunStore(folder / STORE, create=False)
    tally = Tally()
    player: Player
    episodes = [episode for episode in prepared.episodes(past) if episode.key in past]
    if workers:
        player = Crew(prepared.config, past, writer, tally, limits, workers)
    elif question:
        player = Asking(prepared, writer, tally, limits, question)
        episodes = question.sorted(episodes)
    else:
        player = Scheduler(Scribe(writer, prepared.arenas, tally), prepared.config.width, limits)
    live = Live(folder, player.progress, tally, player.stop)
    try:
        async with (
            beside(_keep_session(writer, player)),
            beside(obey(folder, player.set_width)),
            beside(watch(live) if watch else None),
        ):
            await player.play(episodes)
    finally:
        writer.close()
        summary = write_summary(folder)
    return summary


class Asking(Scheduler):
    """Plays until a question is answered, and puts down what came of it."""

    def __init__(
        self, prepared: Prepared, writer: store.RunStore, tally: Tally, limits: Limits | None, question: Question
    ) -> None:
        super().__init__(Scribe(writer, prepared.arenas, tally, self._ended), prepared.config.width, limits, in_order=True)
        self._writer = writer
        self._question = question

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play as many as it takes."""
        try:
            await super().play(episodes)
        finally:
            _answered(self._writer, self._question, self.left())

    def _ended(self, key: EpisodeKey, outcome: Outcome) -> None:
        self._question.ended(key, outcome)
        if self._question.answer:
            self.finish()


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


async def _keep_session(writer: store.RunStore, player: Player) -> None:
    """Put down now and then how long the session has lasted and what it cost, so that a killed one counts too."""
    begun, started, monitor, progress = time(), monotonic(), Monitor(), player.progress

    def keep() -> None:
        facts = {"seconds": monotonic() - started, "peak_in_flight": progress.peak_in_flight, "turns": progress.turns}
        writer.session(begun, {**facts, **total([monitor.facts(playing=not player.costs()), *player.costs()])})

    async with beside(monitor.watch()):
        try:
            while True:
                await asyncio.sleep(HEARTBEAT)
                keep()
        finally:
            with suppress(StoreError):  # the failure of the store itself is raised when it is closed
                keep()


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
        "config": settled(prepared.config),
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


def settled(config: RunConfig) -> dict[str, Any]:
    """The configuration with the whole paths of suites and games, so that a run can be gone on with from anywhere."""
    suite = config.suite if config.suite in suites.available() else str(Path(config.suite).resolve())
    arenas = [_whole(spec) if ".py" in spec else spec for spec in config.arenas]
    return {**config.model_dump(), "suite": suite, "arenas": arenas, "agents": list(config.agents)}


def _whole(spec: str) -> str:
    path, _, name = spec.rpartition(":")
    return f"{Path(path).resolve()}:{name}"
