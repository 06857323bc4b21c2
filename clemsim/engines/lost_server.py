"""A server that was lost while a run goes on, and how long it is waited for: all that wait share one probe a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from clemsim.errors import EngineUnavailable

PROBE_PERIOD = 1.0  # seconds between two probes of a server that is lost


class LostServer:
    """Waits for one server to answer again, up to `patience` seconds from when it was lost.

    After that it is given up: whoever waits gets an error at once, until a probe or a request is answered.
    """

    def __init__(self, alive: Callable[[], Awaitable[bool]], patience: float) -> None:
        self.since: float | None = None  # when it was lost (time of the event loop); None: it is there
        self._alive = alive
        self._patience = patience
        self._back = asyncio.Event()
        self._prober: asyncio.Task[None] | None = None

    def found(self) -> None:
        """Note that the server answers."""
        if self.since is not None:
            self.since = None
            self._back.set()

    @property
    def seconds(self) -> float:
        """For how long the server has been lost."""
        return 0.0 if self.since is None else asyncio.get_running_loop().time() - self.since

    async def wait(self, error: EngineUnavailable) -> None:
        """Wait until the server answers: perhaps it does at once, and only one request failed. Raises `error` when it was
        lost for too long.
        """
        if self.since is None:
            self._lose()
        try:
            async with asyncio.timeout(max(0.0, self._patience - self.seconds)):
                await self._back.wait()
        except TimeoutError:
            error.args = (f"{error.args[0]}; it was waited for {self._patience:g} s",)
            raise error from None

    async def close(self) -> None:
        """Stop probing."""
        if self._prober is not None:
            prober, self._prober = self._prober, None
            prober.cancel()
            with suppress(asyncio.CancelledError):
                await prober

    def _lose(self) -> None:
        self.since = asyncio.get_running_loop().time()
        self._back.clear()
        if self._prober is None:
            self._prober = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        """Probe the server until it answers."""
        while self.since is not None:
            if await self._alive():
                self.found()
            else:
                await asyncio.sleep(PROBE_PERIOD)
        self._prober = None
