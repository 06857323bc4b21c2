"""The gate that all turns of one agent go through."""

from __future__ import annotations

import asyncio
import heapq
import sys
from collections.abc import Callable
from itertools import count


class TurnGate:
    """Lets `width` turns through at once; of those that wait, the lowest rank goes first.

    The width may change at any time. When it shrinks, no turn is thrown out: slots that come free are not given again.
    Ranks may change too: the gate asks for a rank when a turn comes, and again in `resort`.
    """

    def __init__(self, width: int, most: int = sys.maxsize) -> None:
        """The width is at most `most`, now and later."""
        self.width = min(width, most)
        self._most = most
        self.inside = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None], Callable[[], float]]] = []
        self._tickets = count()

    @property
    def waiting(self) -> int:
        """How many turns wait."""
        return len(self._waiting)

    def resize(self, width: int) -> None:
        """Let `width` turns through from now on."""
        self.width = min(width, self._most)
        self._admit()

    def resort(self) -> None:
        """Ask the waiting turns for their ranks anew."""
        self._waiting = [(rank(), ticket, ready, rank) for _, ticket, ready, rank in self._waiting]
        heapq.heapify(self._waiting)

    def try_enter(self) -> bool:
        """Take a slot if one is free and no turn waits for it."""
        if self.inside >= self.width or self._waiting:
            return False
        self.inside += 1
        return True

    async def enter(self, rank: Callable[[], float]) -> None:
        """Wait for a slot."""
        if self.try_enter():
            return
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank(), next(self._tickets), ready, rank))
        self._admit()  # the turns that waited may all have been cancelled
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a slot back."""
        self.inside -= 1
        if self._waiting:
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self.inside < self.width:
            ready = heapq.heappop(self._waiting)[2]
            if not ready.done():
                self.inside += 1
                ready.set_result(None)
