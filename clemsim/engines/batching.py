"""Micro-batches: turns that are ready at about the same time go to the server in one request.

That spares the server's front end a request for each, and delays every turn of a batch until the last of them is answered.
So only turns of which the replies should be about equally long share one: of the same seat and game. A batch is no more
than a short cut: who finds no company within the window, or was in a batch that the server refused, is asked alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass, field

from clemsim.engines.base import Completion, Request
from clemsim.errors import EngineError, Permanent

WINDOW = 0.005  # seconds that the first turn of a batch waits for others

Send = Callable[[list[Request]], Awaitable[list[Completion]]]


@dataclass(slots=True)
class _Batch:
    """A batch that others may still join."""

    timer: asyncio.TimerHandle
    requests: list[Request] = field(default_factory=list)
    answers: list[asyncio.Future[Completion | None]] = field(default_factory=list)


class Batcher:
    """Groups requests; `send` answers several at once, in order, and raises EngineError."""

    def __init__(self, send: Send, most: int, window: float = WINDOW) -> None:
        """At most `most` turns go together; the first of them waits `window` seconds for the others."""
        self._send = send
        self._most = most
        self._window = window
        self._gathering: dict[Hashable, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def complete(self, request: Request) -> Completion | None:
        """The answer, in company; None where the request has to be sent alone. Raises Transient errors."""
        if request.sampling.temperature > 0:  # a batch has one seed for all
            return None
        loop = asyncio.get_running_loop()
        key = _kind(request)
        batch = self._gathering.get(key)
        if batch is None:
            batch = self._gathering[key] = _Batch(loop.call_later(self._window, self._close, key))
        answer: asyncio.Future[Completion | None] = loop.create_future()
        batch.requests.append(request)
        batch.answers.append(answer)
        if len(batch.requests) == self._most:
            self._close(key)
        return await answer

    async def close(self) -> None:
        """Give up what is under way."""
        for key in list(self._gathering):
            self._gathering.pop(key).timer.cancel()
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _close(self, key: Hashable) -> None:
        """Nobody joins any more: send it."""
        batch = self._gathering.pop(key)
        batch.timer.cancel()
        task = asyncio.get_running_loop().create_task(self._answer(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _answer(self, batch: _Batch) -> None:
        wanted = [pair for pair in zip(batch.requests, batch.answers, strict=True) if not pair[1].done()]
        if len(wanted) < 2:
            return _give(batch.answers, [None] * len(batch.answers))
        answers = [answer for _, answer in wanted]
        try:
            _give(answers, await self._send([request for request, _ in wanted]))
        except Permanent:  # one of them may be at fault: alone, each hears of its own
            _give(answers, [None] * len(answers))
        except EngineError as error:
            for answer in answers:
                if not answer.done():
                    answer.set_exception(copy(error))  # each has its own, for the place of its turn is added to it


def _kind(request: Request) -> Hashable:
    """What all requests of one batch have in common."""
    arena = request.episode.partition("/")[0]
    return request.sampling, request.format and request.format.regex, arena, request.seat


def _give(answers: Sequence[asyncio.Future[Completion | None]], given: Sequence[Completion | None]) -> None:
    for answer, one in zip(answers, given, strict=True):
        if not answer.done():
            answer.set_result(one)
