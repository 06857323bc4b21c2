"""Micro-batches: turns that are ready at about the same time go to the server in one request.

That spares the server's front end a request for each turn, and delays every turn of a batch until the last of them is
answered. So only turns whose replies should be about equally long share a request: those of the same seat and game. A
batch is only a short cut: a turn that no other joins within the window, or whose batch the server refused, goes alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass, field

from clemsim.engines.base import Completion, Request
from clemsim.errors import EngineError, Permanent

WINDOW = 0.005  # seconds that the first turn of a batch waits for others

SendBatch = Callable[[list[Request]], Awaitable[list[Completion]]]
CompletionFuture = asyncio.Future[Completion | None]  # None: the request has to go alone


@dataclass(slots=True)
class _Batch:
    """A batch that other requests may still join."""

    timer: asyncio.TimerHandle
    requests: list[Request] = field(default_factory=list)
    futures: list[CompletionFuture] = field(default_factory=list)


class Batcher:
    """Groups requests. `send` answers several at once, in their order, and raises EngineError."""

    def __init__(self, send: SendBatch, size: int, window: float = WINDOW) -> None:
        """Let at most `size` turns go together; the first of them waits `window` seconds for the others."""
        self._send = send
        self._size = size
        self._window = window
        self._gathering: dict[Hashable, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def complete(self, request: Request) -> Completion | None:
        """Answer a request as part of a batch; return None where it has to go alone. Raises Transient errors."""
        sampling = request.sampling
        if sampling.temperature > 0 or sampling.logprobs or sampling.tokens or request.samples > 1 or request.offer:
            return None  # a batch has one seed for all, and tells no more than texts
        loop = asyncio.get_running_loop()
        key = _batch_key(request)
        batch = self._gathering.get(key)
        if batch is None:
            batch = self._gathering[key] = _Batch(loop.call_later(self._window, self._dispatch, key))
        future: CompletionFuture = loop.create_future()
        batch.requests.append(request)
        batch.futures.append(future)
        if len(batch.requests) == self._size:
            self._dispatch(key)
        return await future

    async def close(self) -> None:
        """Give up all batches under way."""
        for key in list(self._gathering):
            self._gathering.pop(key).timer.cancel()
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _dispatch(self, key: Hashable) -> None:
        """Let no other request join a batch, and send it."""
        batch = self._gathering.pop(key)
        batch.timer.cancel()
        task = asyncio.get_running_loop().create_task(self._answer(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _answer(self, batch: _Batch) -> None:
        pending = [pair for pair in zip(batch.requests, batch.futures, strict=True) if not pair[1].done()]
        if len(pending) < 2:
            return _resolve(batch.futures, [None] * len(batch.futures))
        futures = [future for _, future in pending]
        try:
            _resolve(futures, await self._send([request for request, _ in pending]))
        except Permanent:  # one of them may be at fault: sent alone, each gets its own error
            _resolve(futures, [None] * len(futures))
        except EngineError as error:
            for future in futures:
                if not future.done():
                    future.set_exception(copy(error))  # each has its own, for the place of its turn is added to it


def _batch_key(request: Request) -> Hashable:
    """Return what all requests of one batch have in common."""
    arena = request.episode.partition("/")[0]
    return request.sampling, request.format and request.format.regex, arena, request.seat


def _resolve(futures: Sequence[CompletionFuture], completions: Sequence[Completion | None]) -> None:
    for future, completion in zip(futures, completions, strict=True):
        if not future.done():
            future.set_result(completion)
