"""The gate that all turns of one agent go through."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count


class TurnGate:
    """Lets `width` turns through at once; of those that wait, the lowest rank is let in first.

    The width may change at any time. When it shrinks, nobody is thrown out: places that come free are not given again.
    Ranks may change too: they are asked for when a turn comes, and again by `resort`.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.inside = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None], Callable[[], float]]] = []
        self._tickets = count()

    @property
    def waiting(self) -> int:
        """How many turns wait."""
        return len(self._waiting)

    def resize(self, width: int) -> None:
        """Let so many through from now on."""
        self.width = width
        self._let_in()

    def resort(self) -> None:
        """Ask those that wait for their ranks anew."""
        self._waiting = [(rank(), ticket, ready, rank) for _, ticket, ready, rank in self._waiting]
        heapq.heapify(self._waiting)

    def slip_in(self) -> bool:
        """Take a place if one is free and nobody waits for it."""
        if self.inside >= self.width or self._waiting:
            return False
        self.inside += 1
        return True

    async def enter(self, rank: Callable[[], float]) -> None:
        """Wait for a place."""
        if self.slip_in():
            return
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank(), next(self._tickets), ready, rank))
        self._let_in()  # those that waited may all have been cancelled
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self.inside -= 1
        if self._waiting:
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self.inside < self.width:
            ready = heapq.heappop(self._waiting)[2]
            if not ready.done():
                self.inside += 1
                ready.set_result(None)
