"""Several servers of one model as one engine.

Who keeps talking keeps to one replica, whose prefix cache holds what was said before: a new episode goes to the replica
that comes first for it (rendezvous hashing: Thaler and Ravishankar 1998) and isn't overloaded (bounded load: Mirrokni,
Thorup and Zadimoghaddam, 2018). A replica that can't be reached hands its episodes to the others at once, and gets new
ones when it answers again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from math import ceil
from typing import Any, Protocol

from clemsim.engines.base import Completion, Engine, Request
from clemsim.engines.load import ServerLoad
from clemsim.errors import EngineUnavailable
from clemsim.game.slot import TurnSlot

PROBE = 1.0  # seconds between two looks at a replica that is down
BOUND = 1.25  # times the mean load: who is beyond gets no new episode
MOVE = 4  # requests, and the mean: so many more than the idlest, and a replica loses episodes to it
REMEMBERED = 100_000  # episodes whose replica is known


class Single(Protocol):
    """What is asked of the engine of one server."""

    name: str
    width: int | None
    adaptive: bool

    async def open(self) -> None:
        """Raises EngineError."""

    async def close(self) -> None:
        """Close it."""

    async def complete(self, request: Request) -> Completion:
        """Raises EngineUnavailable at once when there is no answer, so that another replica can take over."""

    async def load(self) -> ServerLoad | None:
        """How busy it is."""

    async def alive(self) -> bool:
        """Whether it answers at all."""

    @property
    def constrains(self) -> bool:
        """Whether it can hold decoding to a format."""

    def describe(self) -> dict[str, Any]:
        """What a run writes down about it."""


@dataclass(slots=True, eq=False)
class Replica:
    """One server. `asked`: requests in flight there."""

    name: str
    engine: Single
    opened: bool = False
    up: bool = False
    asked: int = 0

    async def look(self) -> None:
        """See whether it is up. Raises EngineError where it will never be."""
        if not self.opened:
            try:
                await self.engine.open()
            except EngineUnavailable:
                return
            self.opened = self.up = True
        else:
            self.up = await self.engine.alive()


class ReplicatedEngine(Engine):
    """All replicas together; opens when at least one of them does."""

    def __init__(
        self,
        engines: Mapping[str, Single],
        *,
        name: str | None = None,
        affinity: bool = True,
        attempts: int = 6,
        patience: float = 120.0,
    ) -> None:
        """`engines` by the names of the replicas. `patience`: seconds to wait for any of them when all are down.
        Without `affinity` they are asked in turn: how it must not be, for comparison.
        """
        self._replicas = [Replica(name, engine) for name, engine in engines.items()]
        self.name = name or self._replicas[0].engine.name
        self._affinity = affinity
        self._attempts = attempts
        self._patience = patience
        self._bound: OrderedDict[str, Replica] = OrderedDict()
        self._turns = count()
        self._down, self._up = asyncio.Event(), asyncio.Event()
        self._prober: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open all that can be reached. Raises EngineUnavailable where none can."""
        if self._prober:
            return
        await asyncio.gather(*(replica.look() for replica in self._replicas))
        up = self._available()
        if not up:
            names = ", ".join(replica.name for replica in self._replicas)
            raise EngineUnavailable(f"no server answers at any of {names}: start one or correct the addresses")
        self.adaptive = any(replica.engine.adaptive for replica in up)
        widths = [replica.engine.width for replica in up]
        self.width = None if None in widths else sum(width or 0 for width in widths)
        self._prober = asyncio.create_task(self._probe())

    async def close(self) -> None:
        """Close all."""
        if self._prober:
            self._prober.cancel()
            with suppress(asyncio.CancelledError):
                await self._prober
            self._prober = None
        await asyncio.gather(*(replica.engine.close() for replica in self._replicas))

    @property
    def constrains(self) -> bool:
        """Whether all that are there can."""
        return all(replica.engine.constrains for replica in self._replicas if replica.opened)

    def describe(self) -> dict[str, Any]:
        """What the first that is there says of itself, and the names of all."""
        first = next((each for each in self._replicas if each.opened), self._replicas[0])
        return {**first.engine.describe(), "replicas": [each.name for each in self._replicas]}

    async def load(self) -> ServerLoad | None:
        """Of all together."""
        loads = await asyncio.gather(*(replica.engine.load() for replica in self._available()))
        return ServerLoad.total(load for load in loads if load)

    async def complete(self, request: Request) -> Completion:
        """Ask the episode's replica; another one where it is down."""
        failures = 0
        while True:
            replica = await self._choose(request)
            replica.asked += 1
            try:
                completion = await replica.engine.complete(request)
            except EngineUnavailable as error:
                failures += 1
                self._failed(replica)
                if failures == self._attempts:
                    raise
                if not self._available():
                    await self._wait(error, request.slot)
            else:
                completion.usage.replica = replica.name
                completion.usage.retries += failures
                return completion
            finally:
                replica.asked -= 1

    async def _choose(self, request: Request) -> Replica:
        up = self._available()
        if not up:
            await self._wait(EngineUnavailable(f"all replicas of {self.name} are down"), request.slot)
            up = self._available()
        if not self._affinity:
            return up[next(self._turns) % len(up)]
        mean = (sum(replica.asked for replica in up) + 1) / len(up)
        episode = request.episode
        chosen = self._bound.get(episode)
        if chosen is None or not chosen.up or chosen.asked - min(each.asked for each in up) > max(MOVE, mean):
            chosen = self._assign(episode, up, mean)
        return chosen

    def _assign(self, episode: str, up: list[Replica], mean: float) -> Replica:
        ranked = sorted(up, key=lambda replica: _weight(episode, replica.name))
        chosen = next((each for each in ranked if each.asked < ceil(BOUND * mean)), ranked[0])
        self._bound[episode] = chosen
        if len(self._bound) > REMEMBERED:
            self._bound.popitem(last=False)
        return chosen

    def _available(self) -> list[Replica]:
        return [replica for replica in self._replicas if replica.up]

    def _failed(self, replica: Replica) -> None:
        """Leave it out until it was looked at, which happens at once: perhaps only this one request failed."""
        replica.up = False
        self._up.clear()
        self._down.set()

    async def _wait(self, error: EngineUnavailable, slot: TurnSlot) -> None:
        """Wait until any replica is up. Raises the error when none is for too long."""
        with_patience = asyncio.timeout(self._patience)
        try:
            async with slot.release_while_waiting(error), with_patience:
                while not self._available():
                    self._up.clear()
                    self._down.set()
                    await self._up.wait()
        except TimeoutError:
            raise error from None

    async def _probe(self) -> None:
        """Look at those that are down, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE):
                    await self._down.wait()
            self._down.clear()
            missing = [replica for replica in self._replicas if not replica.up]
            await asyncio.gather(*(replica.look() for replica in missing), return_exceptions=True)
            if self._available():
                self._up.set()
            elif self._down.is_set():
                await asyncio.sleep(PROBE)  # all are down and many wait: no reason to look more often


def _weight(episode: str, replica: str) -> bytes:
    return blake2b(f"{episode}\0{replica}".encode(), digest_size=8).digest()
