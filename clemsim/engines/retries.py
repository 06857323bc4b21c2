"""When a request that failed is sent again: after a jittered exponential back-off, while another turn takes its slot.

A server that no longer answers is waited for. Meanwhile the turn keeps its slot: no other could be answered either.
"""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from clemsim.engines.base import Completion
from clemsim.engines.lost_server import LostServer
from clemsim.errors import EngineError, EngineUnavailable, Transient
from clemsim.game.slot import TurnSlot

LONGEST_RETRY_AFTER = 120.0  # seconds that a server is waited for at its request


class Retries:
    """The retries of one engine; only errors of the types `errors` are tried again."""

    def __init__(
        self, attempts: int, first_wait: float, longest_wait: float, errors: tuple[type[Transient], ...], lost: LostServer
    ) -> None:
        """Allow `attempts` in all, the first one included; the waits are in seconds. `lost` waits for the server."""
        self.errors = errors
        self._attempts = attempts
        self._backoff = wait_random_exponential(multiplier=first_wait, max=longest_wait)
        self._lost = lost

    async def complete(self, first: Transient, slot: TurnSlot, send: Callable[[int], Awaitable[Completion]]) -> Completion:
        """Try again after a first attempt that failed with `first`, and return what `send(retries)` returns.

        Most requests never come here. Raises the last error; its `retries` counts the attempts after the first.
        """
        last, retries = first, 0

        async def wait(seconds: float) -> None:
            if isinstance(last, EngineUnavailable):
                await self._lost.wait(last)
            async with slot.release_while_waiting(last):
                await sleep(seconds)

        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._seconds,
            retry=retry_if_exception_type(self.errors),
            reraise=True,
            sleep=wait,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    retries = attempt.retry_state.attempt_number - 1
                    if retries == 0:
                        raise first
                    try:
                        return await send(retries)
                    except Transient as error:
                        last = error
                        raise
        except EngineError as error:
            error.retries = retries
            if isinstance(error, Transient):
                error.args = (f"{error.args[0]}, after {retries + 1} attempt{'s' if retries else ''}",)
            raise
        raise AssertionError("tenacity gave neither a result nor an error")

    def _seconds(self, state: RetryCallState) -> float:
        """Return how long to wait: the back-off, and never less than the server asked for."""
        error = state.outcome.exception() if state.outcome else None
        retry_after = error.retry_after if isinstance(error, Transient) else None
        return max(float(self._backoff(state)), min(retry_after or 0.0, LONGEST_RETRY_AFTER))
