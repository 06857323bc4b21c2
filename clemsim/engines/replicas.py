"""Several servers of one model as one engine.

An episode keeps to one replica, whose prefix cache contains its beginning (`affinity.py`). A replica that cannot be
reached hands its episodes to the others at once, and gets new ones when it answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from clemsim.engines.affinity import Affinity, CachePlace
from clemsim.engines.backend import Backend
from clemsim.engines.base import Completion, Engine, Request, Sampling
from clemsim.engines.load import ServerLoad
from clemsim.errors import EngineUnavailable
from clemsim.game.slot import TurnSlot

PROBE_PERIOD = 1.0  # seconds between two probes of a replica that is down


class ReplicaEngine(Protocol):
    """The engine of one server, which can also tell whether the server answers."""

    name: str
    width: int | None
    adaptive: bool

    async def open(self) -> None:
        """Reach the server. Raises EngineError."""

    async def close(self) -> None:
        """Close all connections."""

    async def complete(self, request: Request) -> Completion:
        """Answer a request. Raises EngineUnavailable at once when the server does not answer, so that another takes over."""

    async def load(self) -> ServerLoad | None:
        """Return how busy the server is."""

    async def alive(self) -> bool:
        """Return whether the server answers."""

    @property
    def backend(self) -> Backend:
        """The server."""

    @property
    def waiting(self) -> str:
        """What is waited for, where the server is silent."""

    @property
    def most_samples(self) -> int:
        """How many replies one request may draw."""

    @property
    def notices(self) -> Sequence[str]:
        """What it has to say of how it answered."""

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise UsageError where the server cannot sample so."""

    @property
    def constrains(self) -> bool:
        """Whether it can hold decoding to a format."""

    @property
    def calls_tools(self) -> bool:
        """Whether it takes tools and returns calls."""

    @property
    def takes_images(self) -> bool:
        """Whether requests may have pictures."""

    def describe(self) -> dict[str, Any]:
        """Return what a run records about it."""


@dataclass(slots=True, eq=False, kw_only=True)
class Replica(CachePlace):
    """One server and its state."""

    engine: ReplicaEngine
    opened: bool = False

    async def probe(self) -> None:
        """Find out whether the server is up. Raises EngineError where it will never be."""
        if not self.opened:
            try:
                await self.engine.open()
            except EngineUnavailable:
                return
            self.opened = self.up = True
        else:
            self.up = await self.engine.alive()


class ReplicatedEngine(Engine):
    """All replicas together. It opens when at least one of them does."""

    def __init__(
        self,
        engines: Mapping[str, ReplicaEngine],
        *,
        name: str | None = None,
        affinity: bool = True,
        attempts: int = 6,
        patience: float = 120.0,
    ) -> None:
        """Take the engines by the names of the replicas. `patience`: seconds to wait for a replica when all are down.

        `affinity=False` sends each request to the next replica in turn; it is there to measure what affinity is worth.
        """
        self._replicas = [Replica(name, up=False, engine=engine) for name, engine in engines.items()]
        self.name = name or self._replicas[0].engine.name
        self._affinity: Affinity[Replica] | None = Affinity() if affinity else None
        self._attempts = attempts
        self._patience = patience
        self._turns = count()
        self._some_down, self._some_up = asyncio.Event(), asyncio.Event()
        self._down_since: float | None = None  # when the last one went down, while all are (time of the event loop)
        self._prober: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open all replicas that can be reached. Raises EngineUnavailable where none can, and any other error of one."""
        if self._prober:
            return
        results = await asyncio.gather(*(replica.probe() for replica in self._replicas), return_exceptions=True)
        if errors := [result for result in results if result]:
            await self.close()
            raise errors[0]
        available = self._available()
        if not available:
            names = ", ".join(replica.name for replica in self._replicas)
            raise EngineUnavailable(f"no server answers at any of {names}: start one or correct the addresses")
        self.adaptive = any(replica.engine.adaptive for replica in available)
        widths = [replica.engine.width for replica in available]
        self.width = None if None in widths else sum(width or 0 for width in widths)
        self._prober = asyncio.create_task(self._probe_down())

    async def close(self) -> None:
        """Close all replicas."""
        if self._prober:
            self._prober.cancel()
            with suppress(asyncio.CancelledError):
                await self._prober
            self._prober = None
        await asyncio.gather(*(replica.engine.close() for replica in self._replicas))

    @property
    def constrains(self) -> bool:
        """Whether all open replicas can hold decoding to a format."""
        return all(replica.engine.constrains for replica in self._replicas if replica.opened)

    @property
    def calls_tools(self) -> bool:
        """Whether all replicas do."""
        return all(replica.engine.calls_tools for replica in self._replicas if replica.opened)

    @property
    def takes_images(self) -> bool:
        """Whether requests may have pictures, for all open replicas."""
        return all(replica.engine.takes_images for replica in self._replicas if replica.opened)

    def describe(self) -> dict[str, Any]:
        """Return the description of the first open replica, and the names of all."""
        first = next((replica for replica in self._replicas if replica.opened), self._replicas[0])
        return {**first.engine.describe(), "replicas": [replica.name for replica in self._replicas]}

    @property
    def backend(self) -> Backend:
        """All replicas that are open."""
        backends = [replica.engine.backend for replica in self._replicas if replica.opened]
        return Backend(frozenset(backend.key for backend in backends), ", ".join(backend.name for backend in backends))

    @property
    def waiting(self) -> str:
        """What is waited for, where all replicas are down, or one that is up is silent."""
        if self._down_since is not None:
            names = ", ".join(replica.name for replica in self._replicas)
            seconds = asyncio.get_running_loop().time() - self._down_since
            return f"waiting for any of {names}: no answer for {seconds:.0f} s" if seconds >= PROBE_PERIOD else ""
        return "; ".join(replica.engine.waiting for replica in self._available() if replica.engine.waiting)

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise UsageError where a replica cannot sample so."""
        for replica in self._replicas:
            if replica.opened:
                replica.engine.check_sampling(sampling)

    @property
    def most_samples(self) -> int:
        """The replies that every open replica draws for one request."""
        return min((replica.engine.most_samples for replica in self._replicas if replica.opened), default=1)

    @property
    def notices(self) -> Sequence[str]:
        """What the replicas have to say, once each."""
        return list(dict.fromkeys(notice for replica in self._replicas for notice in replica.engine.notices))

    async def load(self) -> ServerLoad | None:
        """Return the load of all replicas together."""
        loads = await asyncio.gather(*(replica.engine.load() for replica in self._available()))
        return ServerLoad.total(load for load in loads if load)

    async def complete(self, request: Request) -> Completion:
        """Send a request to the episode's replica, and to another one where that is down."""
        failures = 0
        while True:
            replica = await self._choose(request)
            replica.in_flight += 1
            try:
                completion = await replica.engine.complete(request)
            except EngineUnavailable as error:
                failures += 1
                self._mark_down(replica)
                if failures == self._attempts:
                    raise
                if not self._available():
                    await self._wait(error, request.slot)
            else:
                completion.usage.replica = replica.name
                completion.usage.retries += failures
                return completion
            finally:
                replica.in_flight -= 1

    async def _choose(self, request: Request) -> Replica:
        available = self._available()
        if not available:
            await self._wait(EngineUnavailable(f"all replicas of {self.name} are down"), request.slot)
            available = self._available()
        if not self._affinity:
            return available[next(self._turns) % len(available)]
        return self._affinity.choose(request.episode, available)

    def _available(self) -> list[Replica]:
        return [replica for replica in self._replicas if replica.up]

    def _mark_down(self, replica: Replica) -> None:
        """Leave a replica out until it was probed, which happens at once: perhaps only this one request failed."""
        replica.up = False
        self._some_up.clear()
        self._some_down.set()
        if self._down_since is None and not self._available():
            self._down_since = asyncio.get_running_loop().time()

    async def _wait(self, error: EngineUnavailable, slot: TurnSlot) -> None:
        """Wait until any replica is up. Raises `error` when none is for too long."""
        patience = asyncio.timeout(self._patience)
        try:
            async with slot.release_while_waiting(error), patience:
                while not self._available():
                    self._some_up.clear()
                    self._some_down.set()
                    await self._some_up.wait()
        except TimeoutError:
            raise error from None

    async def _probe_down(self) -> None:
        """Probe the replicas that are down, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_PERIOD):
                    await self._some_down.wait()
            self._some_down.clear()
            down = [replica for replica in self._replicas if not replica.up]
            await asyncio.gather(*(replica.probe() for replica in down), return_exceptions=True)
            if self._available():
                self._down_since = None
                self._some_up.set()
            elif self._some_down.is_set():
                await asyncio.sleep(PROBE_PERIOD)  # all are down and many wait: no reason to probe more often
