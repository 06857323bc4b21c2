"""A worker: plays a shard of a run in a process of its own."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clemsim._util.loop_monitor import LoopFacts, Monitor
from clemsim.errors import ClemsimError
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.view import View
from clemsim.results.tally import Tally
from clemsim.runs.prepare import prepare
from clemsim.runtime.agent import opened
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import WidthSample
from clemsim.runtime.progress import Progress
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.config import RunConfig
from clemsim.store.recorder import Recorder
from clemsim.store.writer import Scores

GATHER = 0.05  # seconds for which a worker gathers what it has to say


_NOTHING = Message("", "")


Past = Mapping[EpisodeKey, Sequence[Event]]


Call = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker has to say since it was last asked."""

    calls: list[Call]  # of the store's methods
    progress: Progress
    cost: LoopFacts
    over: bool
    error: ClemsimError | None


@dataclass(slots=True)
class BufferedRecorder:
    """Stands for the run's store in a worker: keeps what is to be written until it is asked for."""

    calls: list[Call] = field(default_factory=list)

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Pass it on."""
        self.calls.append(("record", (key, index, list(events))))

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Pass it on, without what the seat has seen and what it said, which are in the events."""
        empty = View(view.key, view.seat, view.turn, view.seed, None, (), 0, _NOTHING)
        self.calls.append(("request", (key, agent, empty, replace(message, content="", reasoning=""), prefix)))

    def steered(self, steering: WidthSample) -> None:
        """Pass it on."""
        self.calls.append(("steered", (steering,)))

    def started(self, key: EpisodeKey) -> None:
        """Pass it on."""
        self.calls.append(("started", (key,)))

    def unfinished(self, key: EpisodeKey, cause: str, detail: str) -> None:
        """Pass it on."""
        self.calls.append(("unfinished", (key, cause, detail)))

    def ended(self, key: EpisodeKey, outcome: Outcome, scores: Scores, rounds: Sequence[Scores]) -> None:
        """Pass it on."""
        self.calls.append(("ended", (key, outcome, dict(scores), [dict(each) for each in rounds])))


class Worker:
    """Plays a share of a run; lives in a process of its own."""

    def __init__(self, config: RunConfig, past: Past, limits: Limits | None) -> None:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        self._prepared = prepare(config)
        self._past = past
        self._relay = BufferedRecorder()
        scribe = Recorder(self._relay, self._prepared.arenas, Tally())
        self._scheduler = Scheduler(scribe, config.width, limits)
        self._monitor = Monitor()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start playing."""
        self._task = asyncio.create_task(self._play())

    async def _play(self) -> None:
        watching = asyncio.create_task(self._monitor.watch())
        try:
            async with opened(self._prepared.agents):
                await self._scheduler.play([each for each in self._prepared.episodes(self._past) if each.key in self._past])
        finally:
            watching.cancel()

    async def drain(self) -> WorkerReport:
        """What there is to take down."""
        task = self._task
        assert task
        await asyncio.wait({task}, timeout=GATHER)
        over = task.done()
        calls, self._relay.calls = self._relay.calls, []
        error = task.exception() if over else None
        if error is not None and not isinstance(error, ClemsimError):
            raise error
        return WorkerReport(calls, self._scheduler.progress, self._monitor.facts(), over, error)

    async def stop(self) -> None:
        """Leave every episode where it is."""
        self._scheduler.stop()

    async def set_width(self, width: int | None) -> None:
        """Change the width of every agent."""
        self._scheduler.set_width(width)
