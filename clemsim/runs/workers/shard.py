"""A shard: some episodes of a run, and the worker that plays them now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from clemsim._util.loop_monitor import LoopFacts
from clemsim.engines.connect import NetworkOptions
from clemsim.game.instances import EpisodeKey
from clemsim.runs.workers.cluster import WATCH, actor_factory
from clemsim.runs.workers.losses import LostWorkers
from clemsim.runs.workers.notices import EpisodeFinished
from clemsim.runs.workers.worker import RecordedEvents, Worker, WorkerReport
from clemsim.runtime.limits import Limits
from clemsim.runtime.progress import Progress
from clemsim.runtime.watchdog import SlowStep
from clemsim.store.config import RunConfig

SILENCE = 1.0  # seconds without a report, before the watchdog of a worker is asked
LIVES = 5  # workers that may be lost for one shard


class Pool(Protocol):
    """What a shard asks of the pool that it belongs to."""

    stopped: bool
    brought: bool
    network: NetworkOptions
    lost: LostWorkers

    def config(self, number: int) -> RunConfig:
        """Return the configuration of its worker."""

    def limits(self, number: int) -> Limits | None:
        """Return what its worker may spend."""

    def recorded(self, keys: Sequence[EpisodeKey]) -> RecordedEvents:
        """Return what has been played of these episodes so far."""

    def take(self, report: WorkerReport) -> None:
        """Record what its worker has played."""

    def tell_slow(self, steps: Sequence[SlowStep]) -> None:
        """Tell of steps that hold its worker's event loop, or did."""

    def give_up(self, key: EpisodeKey) -> None:
        """Record that no worker brought an episode to its end."""


class Shard:
    """Some episodes of a run, played by one worker after another if need be."""

    def __init__(self, pool: Pool, number: int, keys: Sequence[EpisodeKey]) -> None:
        self.number = number
        self.progress: list[Progress] = []  # of each worker it has had
        self.cost: LoopFacts = {}
        self.given_up = 0
        self._pool = pool
        self._left = dict.fromkeys(keys)
        self._actor: Any = None
        self._node = ""

    async def play(self) -> None:
        """Play the episodes. Raises what a worker raised."""
        from ray.exceptions import RayActorError  # noqa: PLC0415 (an extra)

        for _ in range(LIVES):
            if self._pool.stopped or not self._left:
                return
            try:
                await self._play_with_one()
            except RayActorError:
                self._lose_worker()
            else:
                return
        self.given_up = len(self._left)
        for key in self._left:
            self._pool.give_up(key)

    async def _play_with_one(self) -> None:
        pool = self._pool
        make = await asyncio.to_thread(actor_factory, Worker, replacing=pool.lost.nodes if self.progress else None)
        recorded = pool.recorded(list(self._left))
        config, limits = pool.config(self.number), pool.limits(self.number)
        self._actor = actor = make(config, recorded, limits, pool.network, brought=pool.brought)
        self.progress.append(Progress())
        self._node = ""
        try:
            self._node = await actor.begin.remote()
            over = False
            while not over:
                report = await self._await_report(actor)
                self._take(report)
                over = report.over
            if report.error:
                raise report.error
        finally:
            self._actor = None

    async def _await_report(self, actor: Any) -> WorkerReport:
        """Return the next report. While a game holds the worker's event loop, what its watchdog saw comes another way."""
        asked = asyncio.ensure_future(actor.report.remote())
        try:
            while not (await asyncio.wait({asked}, timeout=SILENCE))[0]:
                seen = actor.take_slow_steps.options(concurrency_group=WATCH).remote()
                self._pool.tell_slow(await seen)
        except BaseException:
            asked.add_done_callback(lambda future: future.cancelled() or future.exception())  # told once is enough
            raise
        report: WorkerReport = asked.result()
        return report

    def _take(self, report: WorkerReport) -> None:
        for notice in report.notices:
            if isinstance(notice, EpisodeFinished):
                self._left.pop(notice.key, None)
        self.progress[-1], self.cost = report.progress, report.cost
        self._pool.take(report)

    def _lose_worker(self) -> None:
        """Count what was under way as under way no more, and tell."""
        begun = sum(bool(events) for events in self._pool.recorded(list(self._left)).values())
        self._pool.lost.add(self._node, begun, len(self._left) - begun)
        self._actor = None
        self.progress[-1].in_flight = self.progress[-1].started = 0
        self.progress[-1].waiting = ()

    def stop(self) -> None:
        """Tell the worker to leave every episode where it is."""
        if self._actor:
            self._actor.stop.remote()

    def set_width(self, width: int | None) -> None:
        """Tell the worker to change the width of every agent."""
        if self._actor:
            self._actor.set_width.remote(width)


def share_of(whole: int | None, count: int, number: int) -> int | None:
    """Return the share of the worker with this number in something that `count` workers share; at least 1."""
    return None if whole is None else max(1, whole // count + (number < whole % count))
