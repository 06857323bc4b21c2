"""The gates that turns go through: one for each server, and before it one for each of the agents that share the server."""

from __future__ import annotations

import asyncio
import heapq
import sys
from collections.abc import Callable
from itertools import count

from clemsim._util.fair_shares import whole_shares


class ServerGate:
    """Lets `width` turns through at once, of all agents that share a server.

    The width may change at any time. When it shrinks, no turn is thrown out: slots that come free are not given again. A
    slot that comes free goes to the agent that has the fewest turns inside for what it has left to play, so that all agents
    end together; an agent with no turn inside is served first, so that none starves.
    """

    def __init__(self, width: int, name: str = "") -> None:
        """`name`: how records call the server."""
        self.name = name
        self.width = width
        self.inside = 0
        self.gates: list[TurnGate] = []
        self._admitted = count(1)

    @property
    def waiting(self) -> int:
        """How many turns wait for the server, and not only for other turns of their agent."""
        return sum(gate.waiting for gate in self.gates if gate.inside < gate.most)

    @property
    def most(self) -> int:
        """How many turns its agents may have inside, all together, however wide it is."""
        return min(sys.maxsize, sum(gate.most for gate in self.gates))

    def resize(self, width: int) -> None:
        """Let `width` turns through from now on, as far as the agents may have so many."""
        self.width = min(width, self.most)
        self.admit()

    def shares(self) -> list[int]:
        """Return how much of the width each of `gates` may take while all of them want as much as they may have."""
        left = [gate.left for gate in self.gates]
        return whole_shares(self.width, [gate.most for gate in self.gates], left if any(left) else [1] * len(left))

    def admit(self) -> None:
        """Let in as many of the turns that wait as there are slots."""
        while self.inside < self.width and (gate := self._next()):
            gate.admit_one(next(self._admitted))

    def _next(self) -> TurnGate | None:
        """Return the gate that the next slot goes to; None where no turn waits that may have it."""
        gates = self.gates
        if len(gates) == 1:
            gate = gates[0]
            return gate if gate.waiting and gate.inside < gate.most else None
        waiting = [gate for gate in gates if gate.waiting and gate.inside < gate.most]
        return min(waiting, key=TurnGate.turn_to_come, default=None)


class TurnGate:
    """The gate of one agent at its server; of the turns that wait, the lowest rank goes first.

    Ranks may change: the gate asks for a rank when a turn comes, and again in `resort`.
    """

    def __init__(self, server: ServerGate, most: int = sys.maxsize) -> None:
        """Join the gates of the server. At most `most` turns of the agent are inside."""
        self.server = server
        self.most = most
        self.inside = 0
        self.left = 0  # episodes that the agent still has to play
        self._waiting: list[tuple[float, int, asyncio.Future[None], Callable[[], float]]] = []
        self._tickets = count()
        self._admitted = 0  # the number of the latest turn that was let in, among those of the server
        server.gates.append(self)

    @property
    def waiting(self) -> int:
        """How many turns wait."""
        return len(self._waiting)

    def turn_to_come(self) -> tuple[float, int]:
        """Return the place of this gate among those that want the next slot; the lowest gets it."""
        return self.inside / max(1, self.left), self._admitted

    def resort(self) -> None:
        """Ask the waiting turns for their ranks anew."""
        self._waiting = [(rank(), ticket, ready, rank) for _, ticket, ready, rank in self._waiting]
        heapq.heapify(self._waiting)

    def try_enter(self) -> bool:
        """Take a slot if one is free and no turn of the agent waits for it."""
        server = self.server
        if self._waiting or self.inside >= self.most or server.inside >= server.width:
            return False
        self.hold()
        return True

    async def enter(self, rank: Callable[[], float]) -> None:
        """Wait for a slot."""
        if self.try_enter():
            return
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank(), next(self._tickets), ready, rank))
        self.server.admit()  # the turns that waited may all have been cancelled
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.leave()
            raise

    def hold(self) -> None:
        """Take a slot, whether there is one or not."""
        self.inside += 1
        self.server.inside += 1

    def leave(self) -> None:
        """Give a slot back."""
        self.inside -= 1
        self.server.inside -= 1
        self.server.admit()

    def admit_one(self, number: int) -> None:
        """Let in the turn that goes first of those that wait, unless all of them were cancelled."""
        while self._waiting:
            ready = heapq.heappop(self._waiting)[2]
            if not ready.done():
                self._admitted = number
                self.hold()
                ready.set_result(None)
                return
