"""Many processes, on one machine or many: episodes are spread over Ray actors (extra `ray`).

Every worker plays its share with a scheduler of its own and passes on what is to be taken down; one process writes the
store and shows the progress. A worker that is lost costs nothing but time: another one goes on with its episodes, from the
last turn that was taken down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from clemsim._util.loop_monitor import LoopFacts
from clemsim.errors import UsageError
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.results.tally import Tally
from clemsim.runs.workers.cluster import WorkerOptions, _connect, _disconnect, _maker, check_ray
from clemsim.runs.workers.worker import Past, WorkerReport
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.runtime.progress import Progress
from clemsim.store.config import RunConfig
from clemsim.store.writer import RunStore

LIVES = 5  # workers that may be lost for one share of the episodes


class WorkerPool:
    """All workers of a run, seen as one player. Limits and a width that is given are shared out among them."""

    def __init__(
        self, config: RunConfig, past: Past, store: RunStore, tally: Tally, limits: Limits | None, workers: WorkerOptions
    ) -> None:
        check_ray()
        if any(spec.rpartition("=")[2] == "human" for spec in config.agents):
            raise UsageError("a person can't play through --workers: leave it out")
        self.progress = Progress()
        self._config = config
        self._past = {key: list(events) for key, events in past.items()}
        self._store = store
        self._tally = tally
        self._limits = limits
        self._workers = workers
        self._count = min(workers.count, len(past), config.width or len(past))
        self._shares: list[Shard] = []
        self._stopped = False

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all of them. Raises UsageError where there is no Ray to be reached, and what a worker raised."""
        self.progress.episodes += len(episodes)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.to_thread(_connect, self._workers)
        try:
            # every other episode of each experiment goes to another worker, so that all are done at about the same time
            self._shares = [Shard(self, number, episodes[number :: self._count]) for number in range(self._count)]
            async with asyncio.TaskGroup() as group:
                for share in self._shares:
                    group.create_task(share.play())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await asyncio.to_thread(_disconnect)
            self.progress.seconds += loop.time() - begun

    def stop(self) -> None:
        """Leave every episode where it is."""
        self._stopped = True
        for share in self._shares:
            share.tell("stop")

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent; what workers share of it is at least 1."""
        for share in self._shares:
            share.tell("set_width", _part(width, self._count, share.number))

    def costs(self) -> list[LoopFacts]:
        """Of each worker."""
        return [share.cost for share in self._shares if share.cost]

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be played."""
        return self._stopped

    def config(self, number: int) -> RunConfig:
        """What a worker is told."""
        return self._config.model_copy(update={"width": _part(self._config.width, self._count, number)})

    def limits(self, number: int) -> Limits | None:
        """A worker's part of what may be spent."""
        if self._limits is None:
            return None
        requests, tokens = (_part(each, self._count, number) for each in (self._limits.requests, self._limits.tokens))
        return replace(self._limits, requests=requests, tokens=tokens)

    def past(self, keys: Sequence[EpisodeKey]) -> Past:
        """What has been played of these episodes so far."""
        return {key: self._past[key] for key in keys}

    def take(self, batch: WorkerReport) -> None:
        """Take down what a worker has played."""
        for name, arguments in batch.calls:
            if name == "record":
                self._remember(*arguments)
            elif name == "ended":
                self._tally.add(arguments[0], arguments[1])
                self._past.pop(arguments[0], None)
            getattr(self._store, name)(*arguments)
        self._count_up()

    def give_up(self, key: EpisodeKey) -> None:
        """No worker brought it to its end."""
        self.progress.unfinished += 1
        self._store.unfinished(key, "worker lost", f"{LIVES} workers were lost that played it")

    def _remember(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        self._past[key][index:] = events

    def _count_up(self) -> None:
        """Progress of all workers together, those that were lost included."""
        every = [progress for share in self._shares for progress in share.progress]
        given_up = sum(share.given_up for share in self._shares)
        for each in fields(Progress):
            if each.name not in ("episodes", "seconds", "peak_in_flight"):
                setattr(self.progress, each.name, sum(getattr(progress, each.name) for progress in every))
        self.progress.unfinished += given_up
        peaks = [each.peak_in_flight for each in every]
        self.progress.peak_in_flight = max(self.progress.peak_in_flight, self.progress.in_flight, *peaks)


class Shard:
    """Some episodes of the run and whoever plays them now."""

    def __init__(self, crew: WorkerPool, number: int, episodes: Sequence[Episode]) -> None:
        self.number = number
        self.progress: list[Progress] = []  # of each worker it has had
        self.cost: LoopFacts = {}
        self.given_up = 0
        self._crew = crew
        self._left = {episode.key: None for episode in episodes}
        self._actor: Any = None

    async def play(self) -> None:
        """Play them, by one worker after another if need be."""
        from ray.exceptions import RayActorError  # noqa: PLC0415 (an extra)

        for _ in range(LIVES):
            if self._crew.stopped or not self._left:
                return
            try:
                await self._by_one()
            except RayActorError:
                self._lost()
            else:
                return
        self.given_up = len(self._left)
        for key in self._left:
            self._crew.give_up(key)

    async def _by_one(self) -> None:
        crew = self._crew
        make = await asyncio.to_thread(_maker)
        self._actor = actor = make(crew.config(self.number), crew.past(list(self._left)), crew.limits(self.number))
        self.progress.append(Progress())
        try:
            await actor.begin.remote()
            over = False
            while not over:
                batch = await actor.drain.remote()
                self._took(batch)
                over = batch.over
            if batch.error:
                raise batch.error
        finally:
            self._actor = None

    def _took(self, batch: WorkerReport) -> None:
        for name, arguments in batch.calls:
            if name in ("ended", "unfinished"):
                self._left.pop(arguments[0], None)
        self.progress[-1], self.cost = batch.progress, batch.cost
        self._crew.take(batch)

    def _lost(self) -> None:
        """What was under way is under way no more."""
        self._actor = None
        self.progress[-1].in_flight = self.progress[-1].started = 0

    def tell(self, method: str, *arguments: object) -> None:
        """Call a method of the worker, if there is one."""
        if self._actor:
            getattr(self._actor, method).remote(*arguments)


def _part(whole: int | None, count: int, number: int) -> int | None:
    """What the worker of this number gets of something that is shared out."""
    return None if whole is None else max(1, whole // count + (number < whole % count))
