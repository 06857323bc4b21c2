"""Any OpenAI-compatible server, over HTTP.

A transport carries the turns (no limit of its own; the scheduler sets the width), httpx asks the server once who it is,
tenacity says when to try again.
"""

from __future__ import annotations

import asyncio
import secrets
from asyncio import sleep
from functools import partial
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from clemsim.engines import protocol
from clemsim.engines.address import _authorization, checked_key, checked_url
from clemsim.engines.base import FIRST_WIDTH, Completion, Engine, Request
from clemsim.engines.batching import Batcher
from clemsim.engines.connect import transport
from clemsim.engines.deadlines import Deadlines
from clemsim.engines.discovery import ServerInfo, ServerProbe
from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import read_load
from clemsim.engines.transport import Answer, Transport
from clemsim.errors import BadRequest, EngineBusy, EngineError, EngineTimeout, EngineUnavailable, Transient, UsageError
from clemsim.game.slot import TurnSlot

LONGEST_RETRY_AFTER = 120.0  # seconds
SCRAPE_TIMEOUT = 5.0  # seconds


class ChatEngine(Engine):
    """A model behind `URL/chat/completions`. Transient faults are tried again, `attempts` times in all."""

    def __init__(
        self,
        model: str,
        url: str,
        *,
        key: str | None = None,
        width: int | None = None,
        timeout: float = 600.0,
        attempts: int = 6,
        first_wait: float = 0.5,
        longest_wait: float = 30.0,
        name: str | None = None,
        isolated: bool = False,
        failover: bool = False,
        batch: int = 1,
    ) -> None:
        """`timeout` and the waits in seconds. `width`: of a server that takes no more; None: it is found while playing.
        `failover`: somebody else takes over when the server is unavailable, which is therefore raised at once.
        `isolated`: what others left in the server's prefix cache is not used (vLLM). `batch`: so many turns may go in one
        request, where the server takes them. Raises UsageError for an address that can't be one.
        """
        self.name = name or model
        self.model = model
        self.url = checked_url(url)
        self.width = width
        self.server = ServerInfo()
        self._key = checked_key(key)
        self._headers = {"Content-Type": "application/json"} | _authorization(self._key)
        self._control = ServerProbe(self.url, self._headers, self.hide_key)
        self._metrics = f"{urlsplit(self._control.root).path}/metrics"
        self._timeout = timeout
        self._deadlines = Deadlines(timeout)
        self._attempts = attempts
        self._backoff = wait_random_exponential(multiplier=first_wait, max=longest_wait)
        self._retried = (EngineBusy, EngineTimeout) if failover else (Transient,)
        self._transport: Transport | None = None
        self._most = batch
        self._batches: Transport | None = None
        self._batcher: Batcher | None = None
        self._opening = asyncio.Lock()
        self._run = secrets.token_hex(4)  # tells this run's conversations apart from those of others at the server
        self._extras: dict[str, Any] = {"cache_salt": secrets.token_hex(16)} if isolated else {}

    async def open(self) -> None:
        """Reach the server, check that it serves the model and find out what it understands. Raises EngineError, and
        UsageError where it takes no batches that are wanted.
        """
        async with self._opening:
            if self._transport is None:
                self.server = await self._control.ask(self.model)
                if self._most > 1:
                    self._begin_batches()
                self._transport = self._way(f"{self.url}/chat/completions")
                self._begin_with()

    def _way(self, url: str) -> Transport:
        return transport(url, self._headers)

    def _begin_with(self) -> None:
        """The width to begin with, unless it was given."""
        if self.width is None:
            self.adaptive = self.server.slots is None
            self.width = self.server.slots or FIRST_WIDTH

    def _begin_batches(self) -> None:
        if not self.server.batch:
            raise UsageError(f"{self.name} takes no several turns in one request: leave out --batch, or serve it with vLLM")
        self._batches = transport(f"{self.url}/chat/completions/batch", self._headers)
        self._batcher = Batcher(self._together, self._most)

    async def close(self) -> None:
        """Close all connections."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            if self._batcher and self._batches:
                await self._batcher.close()
                await self._batches.close()
            await self._deadlines.close()
            await transport.close()

    @property
    def constrains(self) -> bool:
        """vLLM and llama.cpp can."""
        return self.server.dialect != "openai"

    def describe(self) -> dict[str, Any]:
        """Model, address and what the server said of itself."""
        about = {"engine": "chat", "model": self.model, "url": self.url, **self.server.describe()}
        return {**about, "batch": self._most} if self._batcher else about

    async def alive(self) -> bool:
        """Whether the server answers, asked anew."""
        return await self._control.alive()

    async def load(self) -> ServerLoad | None:
        """What the server's `/metrics` say now; None where it has none, or does not answer."""
        if not self.server.metrics or self._transport is None:
            return None
        try:
            async with asyncio.timeout(SCRAPE_TIMEOUT):
                answer = await self._transport.get(self._metrics)
        except (TimeoutError, OSError):
            return None
        return read_load(answer.body.decode(errors="replace")) if answer.status == 200 else None

    async def complete(self, request: Request) -> Completion:
        """One chat completion; waits between attempts hold up nobody else."""
        started = time()
        try:
            if self._batcher and (completion := await self._batcher.complete(request)):
                return completion
            sent = orjson.dumps(self._body(request))
            return await self._attempt(sent, request, started, 0)
        except self._retried as error:
            return await self._again(error, orjson.dumps(self._body(request)), request, started)

    async def _together(self, requests: list[Request]) -> list[Completion]:
        """Several chat completions in one request. Raises EngineError for all of them."""
        assert self._batches
        body = protocol.batch(self.model, requests)
        body.update(self._extras)
        if self.server.priority:
            body["priority"] = int(min(request.slot.rank for request in requests))
        started = time()
        answer, seconds = await self._exchange(self._batches, orjson.dumps(body), None)
        if answer.status == 200:
            return protocol.read_batch(_json(answer.body), requests, self.name, started=started, seconds=seconds)
        raise self._fault(answer) or BadRequest("a conversation is too long")

    def _body(self, request: Request) -> dict[str, Any]:
        body = protocol.body(self.model, request, self.server.dialect)
        if self.server.dialect == "vllm":
            body["session_id"] = self._conversation(request)
            body.update(self._extras)
            if self.server.priority:
                body["priority"] = int(request.slot.rank)
        return body

    def _conversation(self, request: Request) -> str:
        """A name for what one seat of one episode says and hears."""
        return f"{self._run}/{request.episode}/{request.seat}"

    async def _again(self, first: Transient, sent: bytes, request: Request, started: float) -> Completion:
        """Retry after a first attempt that failed, which counts as one of all; most requests never come here."""
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=retry_if_exception_type(self._retried),
            reraise=True,
            sleep=partial(_wait_aside, first, request.slot),
        )
        try:
            async for attempt in attempts:
                with attempt:
                    retries = attempt.retry_state.attempt_number - 1
                    if retries == 0:
                        raise first
                    return await self._attempt(sent, request, started, retries)
        except Transient as error:
            error.args = (f"{error.args[0]}, after {self._attempts} attempts",)
            raise
        raise AssertionError("tenacity gave neither a result nor an error")

    async def _attempt(self, sent: bytes, request: Request, started: float, retries: int) -> Completion:
        """Send it once. Routers before several vLLM servers keep a conversation on one of them by the header."""
        if self._transport is None:
            raise EngineUnavailable(f"{self.name} is not open")
        header = ("X-Session-ID", self._conversation(request)) if self.server.dialect == "vllm" else None
        answer, seconds = await self._exchange(self._transport, sent, header)
        return self._completion(answer, request, started, seconds, retries)

    def _completion(self, answer: Answer, request: Request, started: float, seconds: float, retries: int) -> Completion:
        if answer.status == 200:
            said = _json(answer.body)
            return protocol.read(said, request, self.name, started=started, seconds=seconds, retries=retries)
        if fault := self._fault(answer):
            raise fault
        return protocol.overflow(request, self.name, started=started, seconds=seconds, retries=retries)

    async def _exchange(self, way: Transport, sent: bytes, header: tuple[str, str] | None) -> tuple[Answer, float]:
        """What comes back, and after how many seconds. Raises Transient errors."""
        begun = monotonic()
        deadline = self._deadlines.start(asyncio.get_running_loop())
        try:
            return await way.post(sent, header), monotonic() - begun
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not deadline.over or task is None or task.uncancel() > 0:
                raise
            raise EngineTimeout(f"no answer from {self.url} within {self._timeout:g} s") from None
        except TimeoutError as error:
            raise EngineTimeout(f"no connection to {self.url} in time") from error
        except OSError as error:
            said = self.hide_key(protocol.shorten(str(error) or type(error).__name__))
            raise EngineUnavailable(f"{self.url}: {said}") from error
        finally:
            deadline.task = None

    def _fault(self, answer: Answer) -> EngineError | None:
        """What went wrong; None where a conversation no longer fits the model."""
        wait = protocol.retry_after(answer.retry_after)
        return protocol.fault(answer.status, self.hide_key(answer.body.decode(errors="replace")), wait)

    def hide_key(self, text: str) -> str:
        """The text without the key, which some servers repeat."""
        return text.replace(self._key, "(key)") if self._key else text

    def _wait(self, state: RetryCallState) -> float:
        """Jittered exponential back-off, and never less than the server asked for."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Transient) else None
        return max(float(self._backoff(state)), min(asked or 0.0, LONGEST_RETRY_AFTER))


async def _wait_aside(error: Transient, slot: TurnSlot, seconds: float) -> None:
    """Wait before another attempt, while another turn takes the slot."""
    async with slot.release_while_waiting(error):
        await sleep(seconds)


def _json(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise EngineUnavailable("the server sent an unreadable answer: it is not JSON") from error
