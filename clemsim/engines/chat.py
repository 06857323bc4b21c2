"""Any OpenAI-compatible server, over HTTP.

A transport carries the turns (with no limit of its own; the scheduler sets the width), httpx asks the server once what it
is, and tenacity says when to try again. Keys and other secrets are hidden here, in all that a server says.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic, time
from typing import Any

import orjson

from clemsim.engines import answers, protocol
from clemsim.engines.address import checked_key, checked_url, path_of, root, server_of, subpage
from clemsim.engines.affinity import Affinity, CachePlace
from clemsim.engines.backend import Backend
from clemsim.engines.base import FIRST_WIDTH, MOST_SAMPLES, Candidate, Completion, Engine, Request, Sampling
from clemsim.engines.batching import Batcher
from clemsim.engines.connect import NetworkOptions, policy_for, secrets_of
from clemsim.engines.deadlines import Deadlines
from clemsim.engines.dialects import DIALECTS, VLLM, DialectName, dialect_of
from clemsim.engines.discovery import ServerInfo, ServerProbe
from clemsim.engines.http11 import HttpResponse
from clemsim.engines.images import told_apart
from clemsim.engines.load import ServerLoad
from clemsim.engines.lost_server import LostServer
from clemsim.engines.metrics import read_load
from clemsim.engines.refused_parameters import REFUSING, RefusedParameters
from clemsim.engines.retries import Retries
from clemsim.engines.tls import certificate_problem
from clemsim.engines.transport import NoByteInTime, Transport, make_transport
from clemsim.errors import BadRequest, EngineBusy, EngineError, EngineTimeout, EngineUnavailable, Transient, UsageError
from clemsim.game.tool_calls import ToolCall

METRICS_TIMEOUT = 5.0  # seconds
SILENCE = 10.0  # seconds without an answer from which on a display says so
RANK = "X-data-parallel-rank"  # vLLM's header: which of its engines is to answer
LOST = 2.0  # the same for a server that cannot be reached


class ChatEngine(Engine):
    """A model behind `URL/chat/completions`. Transient faults are tried again, `attempts` times in all."""

    def __init__(
        self,
        model: str,
        url: str,
        *,
        key: str | None = None,
        width: int | None = None,
        network: NetworkOptions | None = None,
        attempts: int = 6,
        first_wait: float = 0.5,
        longest_wait: float = 30.0,
        name: str | None = None,
        isolated: bool = False,
        failover: bool = False,
        batch: int = 1,
        dialect: DialectName | None = None,
    ) -> None:
        """Check the address and the key. Raises UsageError.

        `width`: requests in flight, where the server takes no more; None: found while playing. `network`: how the server is
        reached; `first_wait`, `longest_wait`: seconds between attempts. `name`: how tables name the model, if not by
        `model`. `isolated`: what others left in the server's prefix cache is not used (vLLM). `failover`: another engine
        takes over when the server is unavailable, which is therefore raised at once. `batch`: turns that may share one
        request, which the server must take. `dialect`: what the server speaks; None: what its address tells, or what it is
        found to be.
        """
        self.name = name or model
        self.model = model
        self.url = checked_url(url)
        self.width = width
        self.server = ServerInfo()
        key, options = checked_key(key), network or NetworkOptions()
        dialect = dialect or dialect_of(self.url)
        self._network = policy_for(self.url, options, DIALECTS[dialect or "openai"].headers(key))
        self._secrets = secrets_of(self._network, options, key)
        self._probe = ServerProbe(self.url, self._network, self._secrets.hide, dialect)
        self._session_header = options.session_header
        self._metrics_path = path_of(subpage(root(self.url), "metrics"))
        self._deadlines = Deadlines(options.timeout, options.idle_timeout)
        self._lost = LostServer(self.alive, options.patience)
        errors: tuple[type[Transient], ...] = (EngineBusy, EngineTimeout) if failover else (Transient,)
        self._retries = Retries(attempts, first_wait, longest_wait, errors, self._lost)
        self._refused = RefusedParameters(self.name)
        self._refuses_many = False  # replies to one request
        self._batch_size = batch
        self._transport: Transport | None = None
        self._batch_transport: Transport | None = None
        self._batcher: Batcher | None = None
        self._affinity = Affinity[CachePlace]()
        self._ranks: Sequence[CachePlace] = ()  # the engines behind the server, where there are several
        self._opening = asyncio.Lock()
        self._run_id = secrets.token_hex(4)  # tells this run's conversations apart from those of others at the server
        self._isolation = {"cache_salt": secrets.token_hex(16)} if isolated else {}

    async def open(self) -> None:
        """Reach the server, check that it serves the model and find out what it understands.

        Raises EngineError, and UsageError where it does not take the batches that are wanted.
        """
        async with self._opening:
            if self._transport is None:
                self.server = await self._probe.identify(self.model)
                if self._batch_size > 1:
                    self._open_batches()
                self._transport = self._make_transport(subpage(self.url, self.server.speaks.path))
                self._ranks = self._places()
                self._set_first_width()

    def _make_transport(self, url: str) -> Transport:
        return make_transport(url, self._network)

    def _places(self) -> Sequence[CachePlace]:
        """Return the engines that episodes are kept on, where the server has several: each has a prefix cache of its own."""
        return [CachePlace(str(rank)) for rank in range(self.server.ranks)] if self.server.ranks > 1 else ()

    def _set_first_width(self) -> None:
        """Choose the width to begin with, unless it was given."""
        if self.width is None:
            self.adaptive = self.server.slots is None
            self.width = self.server.slots or FIRST_WIDTH

    def _open_batches(self) -> None:
        if not self.server.batch:
            raise UsageError(f"{self.name} takes one turn in a request: leave out --batch, or serve it with vLLM")
        self._batch_transport = make_transport(subpage(self.url, "chat/completions/batch"), self._network)
        self._batcher = Batcher(partial(self._complete_batch, self._batch_transport), self._batch_size)

    async def close(self) -> None:
        """Close all connections."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            if self._batcher and self._batch_transport:
                await self._batcher.close()
                await self._batch_transport.close()
            await self._deadlines.close()
            await self._lost.close()
            await transport.close()

    @property
    def constrains(self) -> bool:
        """Whether the server is one that takes formats, such as vLLM and llama.cpp."""
        return self.server.speaks.constrains

    @property
    def calls_tools(self) -> bool:
        """True: what a server cannot do it refuses, with a line that says how it is mended."""
        return True

    @property
    def takes_images(self) -> bool:
        """True: only the server knows whether its model does."""
        return True

    def describe(self) -> dict[str, Any]:
        """Return model, address and what the server is."""
        description = {"engine": "chat", "model": self.model, "url": self.url, **self.server.describe()}
        return {**description, "batch": self._batch_size} if self._batcher else description

    @property
    def backend(self) -> Backend:
        """The server, where it shows its queue or has a fixed number of slots; else this model at the server, for a provider
        counts the requests to each of its models apart.
        """
        where = server_of(self.url)
        if self.server.metrics or self.server.slots:
            return Backend(where, where)
        return Backend((where, self.model), f"{self.model}@{where}")

    async def alive(self) -> bool:
        """Return whether the server answers now."""
        return await self._probe.alive()

    @property
    def waiting(self) -> str:
        """What is waited for, where the server is lost or silent."""
        if (seconds := self._lost.seconds) >= LOST:
            return f"waiting for {self.url}: no answer for {seconds:.0f} s"
        if (seconds := self._deadlines.silence()) >= SILENCE:
            return f"no answer for {seconds:.0f} s from {self.url}"
        return ""

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise UsageError where the server has no such way of thinking, or does not tell what is wanted."""
        self.server.speaks.check_sampling(sampling, self.name)

    @property
    def most_samples(self) -> int:
        """How many replies the server draws for one request: where it has slots, in half of them, so that others get on."""
        if self._refuses_many or not self.server.speaks.samples_many:
            return 1
        return MOST_SAMPLES if self.server.slots is None else max(1, self.server.slots // 2)

    @property
    def notices(self) -> Sequence[str]:
        """What the user must know about how requests were answered: each parameter that the server refused."""
        many = [f"{self.name} took no n: the replies were drawn one by one"] if self._refuses_many else []
        return [*self._refused.notices, *many]

    async def load(self) -> ServerLoad | None:
        """Return what the server's `/metrics` say now; None where it has none, or does not answer."""
        if not self.server.metrics or self._transport is None:
            return None
        try:
            async with asyncio.timeout(METRICS_TIMEOUT):
                with answers.reading_answer:
                    response = await self._transport.get(self._metrics_path)
        except (TimeoutError, EngineError):
            return None
        return read_load(response.body.decode(errors="replace")) if response.status == 200 else None

    async def complete(self, request: Request) -> Completion:
        """Make one chat completion; waits between attempts hold up no other request."""
        if self._transport is None:
            raise EngineUnavailable(f"{self.name} is not open")
        if request.samples > 1:
            return await self._draw(request)
        return await self._complete(request)

    async def _draw(self, request: Request) -> Completion:
        """Return several replies; one where the server refuses to draw more, which it is not asked for again."""
        try:
            return await self._complete(request)
        except BadRequest:
            completion = await self._complete(replace(request, samples=1))
            self._refuses_many = True
            return completion

    async def _complete(self, request: Request) -> Completion:
        started = time()
        try:
            if self._batcher and not request.parts and (completion := await self._batcher.complete(request)):
                return completion
            body = orjson.dumps(self._body(request))
            return await self._send(body, request, started, 0)
        except self._retries.errors as error:
            again = partial(self._send, orjson.dumps(self._body(request)), request, started)
            return await self._retries.complete(error, request.slot, again)

    async def _complete_batch(self, transport: Transport, requests: list[Request]) -> list[Completion]:
        """Make several chat completions in one request. Raises EngineError for all of them."""
        body = VLLM.batch_body(self.model, requests)
        body.update(self._isolation)
        if self.server.priority:
            body["priority"] = int(min(request.slot.rank for request in requests))
        started = time()
        try:
            with answers.reading_answer:
                response, seconds = await self._exchange(transport, orjson.dumps(body), ())
                if response.status != 200:
                    raise self._error_of(response) or BadRequest("a conversation is too long")
                payload = answers.parse_json(response.body, self._secrets.hide)
                completions = answers.read_batch(payload, requests, self.name, started=started, seconds=seconds)
                return [self._hidden(completion) for completion in completions]
        except EngineError as error:
            raise self._harmless(error) from None

    def _body(self, request: Request) -> dict[str, Any]:
        body = self.server.speaks.body(self.model, request)
        if self.server.dialect == "vllm":
            body["session_id"] = self._conversation(request)
            body.update(self._isolation)
        if self.server.priority:
            body["priority"] = int(request.slot.rank)
        return self._refused.without(body) if self._refused else body

    def _conversation(self, request: Request) -> str:
        """Return a name for the conversation of one seat of one episode."""
        return f"{self._run_id}/{request.episode}/{request.seat}"

    async def _send(self, body: bytes, request: Request, started: float, retries: int) -> Completion:
        """Send a request once; again without a parameter that the server refuses. By the headers, routers before several
        servers keep a conversation on one of them, and a server with several engines on one of these.
        """
        if self._transport is None:
            raise EngineUnavailable(f"{self.name} is not open")
        headers = [(self._session_header, self._conversation(request))]
        rank = self._affinity.choose(request.episode, self._ranks) if self._ranks else None
        if rank:
            headers.append((RANK, rank.name))
            rank.in_flight += 1
        try:
            with answers.reading_answer:
                response, seconds = await self._exchange(self._transport, body, headers)
                if response.status in REFUSING and self._refused.learn(response.body.decode(errors="replace"), body):
                    again = orjson.dumps(self._body(request))
                    return await self._send(again, request, started, retries)
                completion = self._hidden(self._completion(response, request, started, seconds, retries))
                if rank:
                    completion.usage.replica = f"engine {rank.name}"
                return completion
        except EngineError as error:
            raise self._harmless(error) from None
        finally:
            if rank:
                rank.in_flight -= 1

    def _completion(
        self, response: HttpResponse, request: Request, started: float, seconds: float, retries: int
    ) -> Completion:
        if response.status == 200:
            payload = answers.parse_json(response.body, self._secrets.hide)
            return self.server.speaks.read(
                payload,
                request,
                self.name,
                started=started,
                seconds=seconds,
                retries=retries,
                hide=self._secrets.hide,
            )
        if error := self._error_of(response):
            raise told_apart(error, response.body.decode(errors="replace"), self.name) if request.parts else error
        return answers.overflow_completion(request, self.name, started=started, seconds=seconds, retries=retries)

    async def _exchange(
        self, transport: Transport, body: bytes, headers: Iterable[tuple[str, str]]
    ) -> tuple[HttpResponse, float]:
        """Return the response and the seconds that it took. Raises Transient errors, without what led to them, which may
        show a secret.
        """
        begun = monotonic()
        deadline = self._deadlines.start(asyncio.get_running_loop())
        try:
            response = await transport.post(body, headers, deadline)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not deadline.passed or task is None or task.uncancel() > 0:
                raise
            failure: EngineError = self._too_late(idle=deadline.idle)
        except NoByteInTime:
            failure = self._too_late(idle=True)
        except TimeoutError:
            failure = EngineUnavailable(f"no connection to {self.url} in time")
        except OSError as error:
            reason = certificate_problem(error, self.url) or f"{self.url}: {str(error) or type(error).__name__}"
            failure = EngineUnavailable(protocol.shorten(self._secrets.hide(reason)))
        else:
            deadline.heard = True
            if self._lost.since is not None:
                self._lost.found()
            return response, monotonic() - begun
        finally:
            self._deadlines.end(deadline)
        raise failure

    def _too_late(self, *, idle: bool) -> EngineTimeout:
        if idle:
            return EngineTimeout(f"nothing came from {self.url} for {self._deadlines.idle:g} s (--idle-timeout)")
        return EngineTimeout(f"no answer from {self.url} within {self._deadlines.seconds:g} s (--timeout)")

    def _error_of(self, response: HttpResponse) -> EngineError | None:
        """Return what went wrong; None where a conversation no longer fits the model."""
        retry_after = protocol.parse_retry_after(response.retry_after)
        text = response.body.decode(errors="replace")
        return protocol.error_of(response.status, text, retry_after, self._secrets.hide)

    def _hidden(self, completion: Completion) -> Completion:
        """Return the completion without the secrets in all that came from the server."""
        if self._secrets:
            hide = self._secrets.hide
            completion.text, completion.reasoning = hide(completion.text), hide(completion.reasoning)
            completion.stop, completion.usage.fingerprint = hide(completion.stop), hide(completion.usage.fingerprint)
            completion.calls = _without_secrets(completion.calls, hide)
            completion.samples = [
                Candidate(hide(each.text), hide(each.reasoning), hide(each.stop), _without_secrets(each.calls, hide))
                for each in completion.samples
            ]
        return completion

    def _harmless(self, error: EngineError) -> EngineError:
        """Return the error without the secrets in its message, and without what led to it, which may show them."""
        error.args = (self._secrets.hide(str(error.args[0])), *error.args[1:])
        error.__cause__ = error.__context__ = None
        return error


def _without_secrets(calls: tuple[ToolCall, ...], hide: answers.Hide) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(hide(call.tool), hide(call.arguments)) for call in calls)
