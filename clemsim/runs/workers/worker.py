"""A worker: plays a shard of a run in a process of its own."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clemsim._util.author_frames import describe_frames
from clemsim._util.loop_monitor import LoopFacts, Monitor
from clemsim._util.tasks import run_in_background
from clemsim.catalog.trust import Trust
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import AgentError, ArenaError, ClemsimError
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.runs.connections import most_turns
from clemsim.runs.prepare import prepare
from clemsim.runs.workers.luggage import FILES, arrived, as_at_home
from clemsim.runs.workers.notices import BufferedRecorder, Notice
from clemsim.runtime.agent import opened
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.runtime.progress import Progress
from clemsim.runtime.scheduler import Scheduler
from clemsim.runtime.watchdog import SlowStep
from clemsim.store.config import RunConfig

GATHER = 0.05  # seconds for which a worker gathers notices

RecordedEvents = Mapping[EpisodeKey, Sequence[Event]]  # of the episodes to play; empty: not begun


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker has to tell since its last report."""

    notices: Sequence[Notice]
    progress: Progress
    cost: LoopFacts
    over: bool
    error: ClemsimError | None
    slow_steps: Sequence[SlowStep] = ()


class Worker:
    """Plays a shard of a run; lives in a process of its own."""

    def __init__(
        self,
        config: RunConfig,
        recorded: RecordedEvents,
        limits: Limits | None,
        network: NetworkOptions,
        *,
        brought: bool = False,
    ) -> None:
        """`brought`: the files that the configuration names came with this worker."""
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        self._root = Path(FILES).resolve() if brought else None
        if self._root:
            config, network = arrived(config, network, self._root)
        # The process that holds the run has looked at the code that it names.
        self._prepared = prepare(config, network=network, trust=Trust(given=True))
        self._episodes = [self._as_at_home(episode) for episode in self._prepared.episodes]
        self._recorded = recorded
        self._recorder = BufferedRecorder()
        self._scheduler = Scheduler(self._recorder, config.width, limits, most=most_turns(self._prepared.agents))
        self._slow_steps: deque[SlowStep] = deque()
        self._scheduler.slow_steps.tell = self._slow_steps.append
        self._monitor = Monitor()
        self._task: asyncio.Task[None] | None = None

    def _as_at_home(self, episode: Episode) -> Episode:
        """Return the episode with the name that it has where the run was begun; its agents get theirs, too."""
        if self._root is None:
            return episode
        for agent in episode.cast.agents:
            agent.name = as_at_home(agent.name, self._root)
        return replace(episode, key=episode.key._replace(cast=as_at_home(episode.key.cast, self._root)))

    async def begin(self) -> str:
        """Start playing. Return the address of this node."""
        from ray import util  # noqa: PLC0415 (an extra)

        self._task = asyncio.create_task(self._play())
        address: Any = util.get_node_ip_address  # has no types
        return str(address())

    async def _play(self) -> None:
        recorded = self._recorded
        episodes = [ep.after(recorded[ep.key]) for ep in self._episodes if ep.key in recorded]
        async with run_in_background(self._monitor.watch()), opened(self._prepared.agents):
            await self._scheduler.play(episodes)

    async def report(self) -> WorkerReport:
        """Return the report since the last one. Raises errors that are not clemsim's own."""
        task = self._task
        assert task
        await asyncio.wait({task}, timeout=GATHER)
        over = task.done()
        self._scheduler.look_at_servers()
        error = task.exception() if over else None
        if error is not None and not isinstance(error, ClemsimError):
            raise error
        if isinstance(error, ArenaError | AgentError):
            error.frames = tuple(describe_frames(error))  # a traceback does not travel between processes
        slow = await self.take_slow_steps()
        return WorkerReport(self._recorder.take(), self._scheduler.progress, self._monitor.facts(), over, error, slow)

    async def take_slow_steps(self) -> list[SlowStep]:
        """Return the steps that were told since the last call, which may be made in any thread."""
        return [self._slow_steps.popleft() for _ in range(len(self._slow_steps))]

    async def stop(self) -> None:
        """Leave every episode where it is."""
        self._scheduler.stop()

    async def set_width(self, width: int | None) -> None:
        """Change the width of every agent."""
        self._scheduler.set_width(width)
