"""One timer for all requests of an engine, which share one time limit: far cheaper than a timer for each request."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

GRAIN = 0.25  # share of the time limit that passes at most between two checks
SHORTEST, LONGEST = 0.01, 1.0  # seconds between two checks


class Deadline:
    """The deadline of one request. `passed` is set when the request's task was cancelled because of it."""

    __slots__ = ("passed", "task", "time")

    def __init__(self, time: float, task: asyncio.Task[Any] | None) -> None:
        self.time = time
        self.task = task  # None once the request is done
        self.passed = False


class Deadlines:
    """Cancels the tasks whose requests have lasted longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._pending: deque[Deadline] = deque()  # the earliest first, for all have the same time limit
        self._watch: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> Deadline:
        """Return the deadline of a request that the running task begins now. Set its `task` to None at the end."""
        if self._watch is None:
            self._watch = loop.create_task(self._cancel_late())
        deadline = Deadline(loop.time() + self.seconds, asyncio.current_task(loop))
        self._pending.append(deadline)
        return deadline

    async def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            watch, self._watch = self._watch, None
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _cancel_late(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(LONGEST, max(SHORTEST, GRAIN * self.seconds)))
            now = loop.time()
            while self._pending and (self._pending[0].task is None or self._pending[0].time <= now):
                deadline = self._pending.popleft()
                if deadline.task is not None:
                    deadline.passed = True
                    deadline.task.cancel()
