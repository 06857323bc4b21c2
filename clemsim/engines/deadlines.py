"""One timer for all requests of an engine, which all may last equally long: far cheaper than a timer for each."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

GRAIN = 0.25  # of the time allowed passes at most between two looks
SHORTEST, LONGEST = 0.01, 1.0  # seconds between two looks


class Deadline:
    """One request's. `over` is set when it has passed and the request's task was therefore cancelled."""

    __slots__ = ("at", "over", "task")

    def __init__(self, at: float, task: asyncio.Task[Any] | None) -> None:
        self.at = at
        self.task = task  # None once the request is done
        self.over = False


class Deadlines:
    """Cancels the tasks whose requests have lasted longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: deque[Deadline] = deque()  # the earliest first, for all last equally long
        self._watch: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> Deadline:
        """A request of the running task begins; set the deadline's task to None when it is done."""
        if self._watch is None:
            self._watch = loop.create_task(self._look())
        deadline = Deadline(loop.time() + self.seconds, asyncio.current_task(loop))
        self._waiting.append(deadline)
        return deadline

    async def close(self) -> None:
        """Look no more."""
        if self._watch is not None:
            watch, self._watch = self._watch, None
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(LONGEST, max(SHORTEST, GRAIN * self.seconds)))
            now = loop.time()
            while self._waiting and (self._waiting[0].task is None or self._waiting[0].at <= now):
                deadline = self._waiting.popleft()
                if deadline.task is not None:
                    deadline.over = True
                    deadline.task.cancel()
