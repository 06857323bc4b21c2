"""Many processes, on one machine or many: episodes are spread over Ray actors (extra `ray`).

Every worker plays its shard with a scheduler of its own and passes on what is to be recorded; one process writes the
store and shows the progress. A lost worker costs nothing but time: another one goes on with its episodes, from the last
turn that was recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace

from clemsim._util.loop_monitor import LoopFacts
from clemsim._util.tasks import leading_error
from clemsim.catalog.agents import kind_of
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import UsageError
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.results.tally import Tally
from clemsim.runs.workers import cluster
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runs.workers.losses import LostWorkers
from clemsim.runs.workers.luggage import Luggage, pack
from clemsim.runs.workers.preflight import board, check_nodes
from clemsim.runs.workers.shard import LIVES, Shard, share_of
from clemsim.runs.workers.worker import RecordedEvents, WorkerReport
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Broadcast, Observer
from clemsim.runtime.progress import Progress
from clemsim.runtime.watchdog import SlowStep, SlowSteps
from clemsim.store.config import RunConfig
from clemsim.store.writer import RunStore


class PlayedEvents(Observer):
    """Remembers what has been played of each unfinished episode, for the next worker that takes it over."""

    def __init__(self) -> None:
        self._events: dict[EpisodeKey, list[Event]] = {}

    def add(self, episodes: Sequence[Episode]) -> None:
        """Remember what was played of episodes before."""
        self._events |= {episode.key: list(episode.events) for episode in episodes}

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Remember new events."""
        self._events[key][index:] = events

    def finished(self, result: Result) -> None:
        """Forget an episode that has an outcome."""
        if result.outcome:
            self._events.pop(result.key, None)

    def of(self, keys: Sequence[EpisodeKey]) -> RecordedEvents:
        """Return what has been played of these episodes."""
        return {key: self._events[key] for key in keys}


class WorkerPool:
    """All workers of a run, seen as one player. Limits and a given width are shared out among them."""

    def __init__(
        self,
        config: RunConfig,
        store: RunStore,
        tally: Tally,
        limits: Limits | None,
        workers: WorkerOptions,
        network: NetworkOptions,
    ) -> None:
        """Raises UsageError where Ray is missing, or an agent cannot play in another process."""
        cluster.check_ray()
        for spec in config.agents:
            kind, _ = kind_of(spec)
            if not kind.distributable:
                raise UsageError(f"{kind.name} cannot play through --workers: leave it out")
        self.progress = Progress()
        self.slow_steps = SlowSteps()
        self.stopped = False
        self._config = config
        self._store = store
        self._played = PlayedEvents()
        self._observer = Broadcast(store, tally, self._played)
        self._limits = limits
        self._workers = workers
        self.network = network
        self.lost = LostWorkers()
        self.brought = False
        self._shards: list[Shard] = []

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all episodes. Raises UsageError where no Ray can be reached, and what the workers raised."""
        self.progress.episodes += len(episodes)
        self._played.add(episodes)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        luggage = self._pack()
        await asyncio.to_thread(board, self._workers, luggage)
        cluster.keep_signals()
        try:
            if luggage:
                await check_nodes(luggage)
            # Every other episode of each experiment goes to another worker, so that all end at about the same time.
            count = min(self._workers.count, len(episodes), self._config.width or len(episodes))
            keys = [episode.key for episode in episodes]
            self._shards = [Shard(self, number, keys[number::count]) for number in range(count)]
            async with asyncio.TaskGroup() as group:
                for shard in self._shards:
                    group.create_task(shard.play())
        except BaseExceptionGroup as errors:
            error = leading_error(errors)
            raise error from error.__cause__
        finally:
            self.lost.tell_all()
            await asyncio.to_thread(cluster.disconnect)
            self.progress.seconds += loop.time() - begun

    def _pack(self) -> Luggage | None:
        """Return what travels to the nodes of a cluster; None: the workers live on this machine. Raises UsageError."""
        if self._workers.address is None:
            return None
        luggage = pack(self._config, self.network)
        self._config, self.network, self.brought = luggage.config, luggage.network, True
        return luggage

    def stop(self) -> str:
        """Leave every episode where it is. Return what is waited for."""
        self.stopped = True
        for shard in self._shards:
            shard.stop()
        return f"waiting for {len(self._shards)} workers to break {self.progress.in_flight} replies off"

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent; the share of a worker is at least 1."""
        for shard in self._shards:
            shard.set_width(share_of(width, len(self._shards), shard.number))

    def look_at_servers(self) -> None:
        """Do nothing: each worker looks, and reports it."""

    def worker_costs(self) -> list[LoopFacts]:
        """Return what each worker has cost."""
        return [shard.cost for shard in self._shards if shard.cost]

    def config(self, number: int) -> RunConfig:
        """Return the configuration of the worker with this number."""
        return self._config.model_copy(update={"width": share_of(self._config.width, len(self._shards), number)})

    def limits(self, number: int) -> Limits | None:
        """Return the share of a worker in what may be spent."""
        if self._limits is None:
            return None
        requests = share_of(self._limits.requests, len(self._shards), number)
        tokens = share_of(self._limits.tokens, len(self._shards), number)
        cost = None if self._limits.cost is None else self._limits.cost / len(self._shards)
        return replace(self._limits, requests=requests, tokens=tokens, cost=cost)

    def recorded(self, keys: Sequence[EpisodeKey]) -> RecordedEvents:
        """Return what has been played of these episodes so far."""
        return self._played.of(keys)

    def take(self, report: WorkerReport) -> None:
        """Record what a worker has played."""
        self.tell_slow(report.slow_steps)
        for notice in report.notices:
            notice.tell(self._observer)
        self._count_up()

    def tell_slow(self, steps: Sequence[SlowStep]) -> None:
        """Tell of steps that hold a worker's event loop, or did."""
        for step in steps:
            self.slow_steps.tell(step)

    def give_up(self, key: EpisodeKey) -> None:
        """Record that no worker brought an episode to its end."""
        self.progress.unfinished += 1
        self._store.unfinished(key, "worker lost", f"{LIVES} workers were lost that played it")

    def _count_up(self) -> None:
        """Add up the progress of all workers, those that were lost included."""
        every = [progress for shard in self._shards for progress in shard.progress]
        for field in fields(Progress):
            if field.name not in ("episodes", "seconds", "peak_in_flight", "waiting", "notices", "dearest"):
                setattr(self.progress, field.name, sum(getattr(progress, field.name) for progress in every))
        self.progress.waiting = tuple(dict.fromkeys(line for progress in every for line in progress.waiting))
        self.progress.notices = tuple(dict.fromkeys(line for progress in every for line in progress.notices))
        self.progress.unfinished += sum(shard.given_up for shard in self._shards)
        peaks = [progress.peak_in_flight for progress in every]
        self.progress.peak_in_flight = max(self.progress.peak_in_flight, self.progress.in_flight, *peaks)
