"""A simulated server behind vLLM's HTTP routes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from clemsim.engines.simulated.answers import Body, SimulatedAnswer, Template, babble, prompt, tokens
from clemsim.engines.simulated.faults import LATE, Fault, Faults, other_answer
from clemsim.engines.simulated.machine import Machine, Served, Spec
from clemsim.engines.simulated.metrics import exposition

LONGEST_BODY = 64 * 2**20  # bytes
ROUTES = ("/v1/chat/completions", "/v1/chat/completions/batch", "/v1/models", "/health", "/version", "/metrics")
BACKLOG = 4096  # connections that may wait to be accepted: a load test opens many at once
NO_FAULTS = Faults()


class Refused(Exception):
    """The request gets this status and text instead of a completion."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Exchange(NamedTuple):
    """Prompt and reply of a request in tokens, and why the reply ends."""

    prompt: list[str]
    reply: list[str]
    finish_reason: str


class SimulatedServer:
    """One server that listens on a port."""

    def __init__(
        self,
        spec: Spec,
        answer: SimulatedAnswer = babble,
        most_waiting: int | None = None,
        template: Template = prompt,
        faults: Faults = NO_FAULTS,
    ) -> None:
        """Simulate a server of `spec` that says what `answer` returns and meets `faults`.

        `most_waiting`: the requests that its queue takes; more are turned away with 503. `template`: makes the prompts.
        """
        self.spec = spec
        self.machine = Machine(spec)
        self.url = ""
        self._answer = answer
        self._template = template
        self._most_waiting = most_waiting
        self._faults = faults
        self._dice = random.Random(0)
        self._inside = 0  # requests that have arrived and are not answered
        self._runner: web.AppRunner | None = None

    @property
    def under_way(self) -> int:
        """The requests that have arrived and are not answered."""
        return self._inside

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen, with an empty cache. Port 0: any that is free."""
        self.machine = Machine(self.spec)
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=BACKLOG).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Answer no more requests, not even those under way."""
        if self._runner:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[SimulatedServer]:
        """Listen within this context."""
        await self.start(port)
        try:
            yield self
        finally:
            await self.stop()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=LONGEST_BODY)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/chat/completions/batch", self._batch)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/health", self._health)
        app.router.add_get("/version", self._version)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/openapi.json", self._openapi)
        return app

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "simulated"})

    async def _models(self, request: web.Request) -> web.Response:
        card = {"id": self.spec.model, "object": "model", "owned_by": "vllm", "max_model_len": self.spec.context}
        return web.json_response({"object": "list", "data": [card]})

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(text=exposition(self.machine))

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.json_response({"paths": {route: {} for route in ROUTES}})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self._inside += 1
        try:
            return await self._complete(request)
        finally:
            self._inside -= 1

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await self._read_body(request)
            fault = await self._meet_fault(request)
            exchange = self._answer_to(body)
            if body.get("stream"):
                return await self._stream(request, body, exchange, cut=fault == "cut")
            served = await self.machine.generate(exchange.prompt, exchange.reply, _priority(body))
        except Refused as error:
            return _error(error)
        usage = _usage(len(exchange.prompt), len(exchange.reply), served.cached)
        return self._completion([_choice(0, exchange)], usage, _times(served))

    async def _meet_fault(self, request: web.Request) -> Fault:
        """Return the fault that a request meets, unless it ends the request here."""
        fault = self._faults.draw(self._dice)
        match fault:
            case "busy":
                raise Refused(503, "the server is busy")
            case "error":
                raise Refused(500, "something went wrong")
            case "reset" if request.transport:
                request.transport.abort()
                raise Refused(500, "the connection is gone")
            case "stall":
                await asyncio.sleep(LATE)
        return fault

    async def _batch(self, request: web.Request) -> web.Response:
        """Answer several conversations in one response, when the last of them is ready."""
        try:
            body = await self._read_body(request)
            exchanges = [self._answer_to({**body, "messages": messages}) for messages in body["messages"]]
        except Refused as error:
            return _error(error)
        await asyncio.gather(*(self.machine.generate(exchange.prompt, exchange.reply) for exchange in exchanges))
        choices = [_choice(index, exchange) for index, exchange in enumerate(exchanges)]
        if body.get("return_token_ids"):
            for choice, exchange in zip(choices, exchanges, strict=True):
                choice["token_ids"] = list(range(len(exchange.reply)))
        tokens_in = sum(len(exchange.prompt) for exchange in exchanges)
        usage = _usage(tokens_in, sum(len(exchange.reply) for exchange in exchanges), 0)
        del usage["prompt_tokens_details"]  # vLLM has none for batches
        return self._completion(choices, usage, None)

    async def _stream(self, request: web.Request, body: Body, exchange: Exchange, *, cut: bool) -> web.StreamResponse:
        """Send a server-sent event for every token; of a stream that is `cut`, only for half of them."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
        except ConnectionResetError:
            return response  # the client has gone before the first token
        made: asyncio.Queue[int] = asyncio.Queue()
        prompt_tokens, reply = exchange.prompt, exchange.reply
        task = asyncio.ensure_future(self.machine.generate(prompt_tokens, reply, _priority(body), made.put_nowait))
        try:
            for number in range(1, len(reply) + 1):
                await made.get()
                finish_reason = exchange.finish_reason if number == len(reply) and not cut else None
                choice = {"index": 0, "delta": {"content": reply[number - 1]}, "finish_reason": finish_reason}
                await response.write(_event({"choices": [choice]}))
                if cut and 2 * number >= len(reply):
                    return response
            usage = _usage(len(prompt_tokens), len(reply), (await task).cached)
            if (body.get("stream_options") or {}).get("include_usage"):
                await response.write(_event({"choices": [], "usage": usage}))
            await response.write(b"data: [DONE]\n\n")
        except ConnectionResetError:
            pass  # the client has gone
        finally:
            task.cancel()
        return response

    async def _read_body(self, request: web.Request) -> dict[str, Any]:
        """Return the JSON of a request that may be served now. Raises Refused."""
        if self._most_waiting is not None and self.machine.waiting >= self._most_waiting:
            self.machine.counters.rejections += 1
            raise Refused(503, "the queue is full")
        try:
            body = orjson.loads(await request.read())
            model, messages = body["model"], body["messages"]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise Refused(400, "send a JSON object with model and messages") from None
        if model != self.spec.model:
            raise Refused(404, f"the model {model!r} does not exist")
        if not isinstance(messages, list) or not messages:
            raise Refused(400, "messages: a list is needed")
        _check_fields(body)
        if body.get("priority") and not self.spec.priority:
            raise Refused(400, "priority scheduling is not enabled")
        if limit := body.get("max_tokens"):
            body["max_tokens"] = min(limit, self.spec.context + 1)  # more never fits
        return dict(body)

    def _answer_to(self, body: Body) -> Exchange:
        """Return prompt and reply of a request. Raises Refused."""
        if not _are_messages(body["messages"]):
            raise Refused(400, "messages: a list of objects with role and content is needed")
        try:
            prompt_tokens, answer = self._template(body["messages"]), tokens(self._answer_text(body))
        except (KeyError, TypeError, IndexError):
            raise Refused(400, "messages: a list of objects with role and content is needed") from None
        limit = int(body.get("max_tokens") or self.spec.context)
        reply = answer[:limit] or ["."]
        if not self.machine.fits(prompt_tokens, len(reply)):
            raise Refused(400, f"This model's maximum context length is {self.spec.context} tokens")
        return Exchange(prompt_tokens, reply, "length" if len(answer) > limit else "stop")

    def _answer_text(self, body: Body) -> str:
        limit = self._faults.other
        answer = self._answer(body)
        return other_answer(answer, body) if limit is not None and self._inside > limit else answer

    def _completion(
        self, choices: list[dict[str, Any]], usage: dict[str, Any], times: dict[str, float] | None
    ) -> web.Response:
        completion = {
            "object": "chat.completion",
            "created": int(time()),
            "model": self.spec.model,
            "choices": choices,
            "usage": usage,
            "metrics": times,
        }
        return web.Response(body=orjson.dumps(completion), content_type="application/json")


def _check_fields(body: Body) -> None:
    """Raise Refused for a field whose value the server cannot use."""
    for name, least in (("max_tokens", 1), ("priority", -(2**31))):
        value = body.get(name)
        if value is not None and (type(value) is not int or not least <= value < 2**31):
            raise Refused(400, f"{name}: a whole number from {least} on is needed, not {value!r}")
    if not isinstance(body.get("stream_options") or {}, dict):
        raise Refused(400, "stream_options: an object is needed")


def _are_messages(value: object) -> bool:
    messages = value if isinstance(value, list) else []
    return bool(messages) and all(isinstance(part, dict) and isinstance(part.get("role"), str) for part in messages)


def _priority(body: Body) -> int:
    return int(body.get("priority") or 0)


def _choice(index: int, exchange: Exchange) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(exchange.reply)}
    return {"index": index, "message": message, "finish_reason": exchange.finish_reason}


def _usage(tokens_in: int, tokens_out: int, cached: int) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _times(served: Served) -> dict[str, float]:
    return {"queue_time_ms": 1000 * served.queued, "time_to_first_token_ms": 1000 * (served.first_token - served.queued)}


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _error(error: Refused) -> web.Response:
    body = {"error": {"message": str(error), "type": "BadRequestError", "code": error.status}}
    headers = {"Retry-After": "1"} if error.status == 503 else None
    return web.json_response(body, status=error.status, headers=headers)
