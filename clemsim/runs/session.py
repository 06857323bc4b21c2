"""One session of a run: the episodes that a process plays, the store they are recorded in, and the display."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any, Protocol

from clemsim._util.loop_monitor import LoopFacts, Monitor, total
from clemsim._util.tasks import run_in_background
from clemsim.engines.base import FIRST_WIDTH
from clemsim.errors import StoreError
from clemsim.results.run_summary import RunSummary, write_summary
from clemsim.results.tally import Tally
from clemsim.runs.prepare import PreparedRun
from clemsim.runs.stopping.play import StoppingScheduler
from clemsim.runs.stopping.rule import StoppingRule
from clemsim.runs.width_control import follow_requests
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runs.workers.losses import LostWorkers
from clemsim.runs.workers.pool import WorkerPool
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Broadcast
from clemsim.runtime.progress import Progress
from clemsim.runtime.scheduler import Scheduler
from clemsim.runtime.watchdog import SlowSteps
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.schema import NOTICES
from clemsim.store.writer import RunStore

HEARTBEAT = 1.0  # seconds between two entries of what a session has cost so far


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run while it goes on: what a display may look at, and how to stop it. `stop` returns what is waited for.

    `slow_steps.tell` is called, in another thread, with each step of a game that holds the event loop for over 5 s; unless
    it is set, such a step is a warning of the logger `clemsim`. `warnings` are for the user, once.
    """

    folder: Path
    progress: Progress
    tally: Tally
    stop: Callable[[], str]
    slow_steps: SlowSteps
    warnings: Sequence[str] = ()
    lost: LostWorkers | None = None  # whose `tell` is called for workers that are lost; None: the run has none


Watch = Callable[[LiveRun], Coroutine[Any, Any, None]]


class EpisodePlayer(Protocol):
    """Plays episodes: a scheduler in this process, or a pool of workers in others."""

    @property
    def progress(self) -> Progress:
        """Running totals."""

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all episodes."""

    @property
    def slow_steps(self) -> SlowSteps:
        """Where steps that hold the event loop are told."""

    def stop(self) -> str:
        """Leave every episode where it is. Return what is waited for."""

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent."""

    def look_at_servers(self) -> None:
        """Note in the progress which servers are waited for."""

    def worker_costs(self) -> list[LoopFacts]:
        """Return what each process but this one has cost."""


@dataclass(frozen=True, slots=True)
class RunSession:
    """Plays episodes of a run, each from where its events end."""

    folder: Path
    prepared: PreparedRun
    episodes: Sequence[Episode]
    watch: Watch | None = None
    limits: Limits | None = None
    workers: WorkerOptions | None = None
    rule: StoppingRule | None = None  # ends the session once it is answered
    most: int = sys.maxsize  # turns of each agent in flight

    async def play(self) -> RunSummary:
        """Play the episodes and return the summary of the run. Raises ClemsimError; what was played is recorded."""
        store = RunStore(self.folder / STORE, create=False)
        try:
            with store:
                await self._play(store, Tally())
        finally:
            summary = write_summary(self.folder)
        return summary

    async def _play(self, store: RunStore, tally: Tally) -> None:
        player = self._player(store, tally)
        lost = player.lost if isinstance(player, WorkerPool) else None
        live = LiveRun(self.folder, player.progress, tally, player.stop, player.slow_steps, self._warnings(), lost)
        async with (
            run_in_background(_record_costs(store, player, reader.notices_of(self.folder / STORE))),
            run_in_background(follow_requests(self.folder, player.set_width)),
            run_in_background(self.watch(live) if self.watch else None),
        ):
            await player.play(self.episodes)

    def _warnings(self) -> list[str]:
        """Return what the user should know at the beginning."""
        warnings, width = list(self.prepared.warnings), self.prepared.config.width or FIRST_WIDTH
        if self.most < width:
            warnings.append(f"at most {self.most} turns of an agent are in flight: few files may be open here (ulimit -n)")
        if self.rule and (outlook := self.rule.outlook()):
            warnings.append(outlook)
        return warnings

    def _player(self, store: RunStore, tally: Tally) -> EpisodePlayer:
        config = self.prepared.config
        if self.workers:
            return WorkerPool(config, store, tally, self.limits, self.workers, self.prepared.network)
        observer = Broadcast(store, tally)
        if self.rule:
            return StoppingScheduler(observer, store, self.rule, config.width, self.limits, most=self.most)
        return Scheduler(observer, config.width, self.limits, most=self.most)


async def _record_costs(store: RunStore, player: EpisodePlayer, before: Sequence[str]) -> None:
    """Record again and again how long the session has lasted and what it cost, so that a killed session counts too."""
    begun, started, monitor, progress = time(), monotonic(), Monitor(), player.progress

    def record() -> None:
        facts = {"seconds": monotonic() - started, "peak_in_flight": progress.peak_in_flight, "turns": progress.turns}
        facts["failed_retries"] = progress.failed_retries
        costs = [monitor.facts(playing=not player.worker_costs()), *player.worker_costs()]
        store.session(begun, {**facts, **total(costs)})
        if progress.notices:
            store.meta(NOTICES, list(dict.fromkeys([*before, *progress.notices])))

    async with run_in_background(monitor.watch()):
        try:
            while True:
                await asyncio.sleep(HEARTBEAT)
                player.look_at_servers()
                record()
        finally:
            player.look_at_servers()
            with suppress(StoreError):  # the failure of the store itself is raised when it is closed
                record()
