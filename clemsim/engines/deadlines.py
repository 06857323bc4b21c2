"""One timer for all requests of an engine, which share one time limit: far cheaper than a timer for each request."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

GRAIN = 0.25  # share of the shortest time limit that passes at most between two checks
SHORTEST, LONGEST = 0.01, 1.0  # seconds between two checks


class Deadline:
    """The deadline of one request. `passed` is set when the request's task was cancelled because of it.

    Whoever reads from the server sets `heard` when bytes arrive.
    """

    __slots__ = ("begun", "heard", "heard_at", "idle", "passed", "task")

    def __init__(self, begun: float, task: asyncio.Task[Any] | None) -> None:
        self.begun = begun
        self.task = task
        self.heard = False
        self.heard_at = begun  # when the timer last found that bytes had arrived
        self.passed = False
        self.idle = False  # it passed since no byte arrived for too long


class Deadlines:
    """Cancels the tasks whose requests have lasted longer than `seconds`, or got no byte for `idle` seconds."""

    def __init__(self, seconds: float, idle: float | None = None) -> None:
        self.seconds = seconds
        self.idle = idle
        self._pending: dict[Deadline, None] = {}
        self._heard = False  # of the server, since the silence was last measured
        self._quiet_since = 0.0
        self._watch: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> Deadline:
        """Return the deadline of a request that the running task begins now. Give it to `end` when the request is over."""
        if self._watch is None:
            self._watch = loop.create_task(self._cancel_late())
        deadline = Deadline(loop.time(), asyncio.current_task(loop))
        if not self._pending:
            self._quiet_since = deadline.begun
        self._pending[deadline] = None
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Forget a request that is over."""
        self._heard = self._heard or deadline.heard
        self._pending.pop(deadline, None)

    def silence(self) -> float:
        """Return for how many seconds requests have been waiting while nothing at all has come from the server."""
        now = asyncio.get_running_loop().time()
        if self._heard or not self._pending or any(deadline.heard for deadline in self._pending):
            self._heard, self._quiet_since = False, now
        return now - self._quiet_since

    async def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            watch, self._watch = self._watch, None
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _cancel_late(self) -> None:
        loop = asyncio.get_running_loop()
        grain = GRAIN * min(self.seconds, self.idle or self.seconds)
        while True:
            await asyncio.sleep(min(LONGEST, max(SHORTEST, grain)))
            now = loop.time()
            for deadline in [deadline for deadline in self._pending if self._is_late(deadline, now)]:
                self.end(deadline)
                deadline.passed = True
                if deadline.task is not None:
                    deadline.task.cancel()

    def _is_late(self, deadline: Deadline, now: float) -> bool:
        if deadline.begun + self.seconds <= now:
            return True
        if deadline.heard:
            deadline.heard, deadline.heard_at, self._heard = False, now, True
        deadline.idle = self.idle is not None and deadline.heard_at + self.idle <= now
        return deadline.idle
