"""A simulated server behind vLLM's HTTP routes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from clemsim.engines.simulated.answers import Body, SimulatedAnswer, Template, babble, prompt, tokens, tool_call
from clemsim.engines.simulated.faults import LATE, Fault, Faults, other_answer
from clemsim.engines.simulated.machine import Machine, Spec
from clemsim.engines.simulated.metrics import MetricsPage
from clemsim.engines.simulated.pictures import IMAGES
from clemsim.engines.simulated.wire import Answer, Exchange, Kind, Refused, as_messages, normalized, times, usage
from clemsim.errors import ArenaError
from clemsim.game.tool_calls import ToolCall

LONGEST_BODY = 64 * 2**20  # bytes
ROUTES = (
    *("/v1/chat/completions", "/v1/chat/completions/batch", "/v1/completions", "/v1/models"),
    *("/health", "/version", "/metrics"),
)
BACKLOG = 4096  # connections that may wait to be accepted: a load test opens many at once
NO_FAULTS = Faults()


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
        self._page = MetricsPage(self.machine)
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
        self._page = MetricsPage(self.machine)
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
    async def serving(self, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[SimulatedServer]:
        """Listen within this context."""
        await self.start(port, host)
        try:
            yield self
        finally:
            await self.stop()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=LONGEST_BODY)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/chat/completions/batch", self._batch)
        app.router.add_post("/v1/completions", self._text)
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
        about = {"object": "model", "owned_by": "vllm", "max_model_len": self.spec.context}
        return web.json_response({"object": "list", "data": [{"id": name, **about} for name in self.spec.names]})

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(text=self._page.read())

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.json_response({"paths": {route: {} for route in ROUTES}})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._count(request, "chat")

    async def _text(self, request: web.Request) -> web.StreamResponse:
        return await self._count(request, "text")

    async def _count(self, request: web.Request, kind: Kind) -> web.StreamResponse:
        self._inside += 1
        try:
            return await self._complete(request, kind)
        finally:
            self._inside -= 1

    async def _complete(self, request: web.Request, kind: Kind) -> web.StreamResponse:
        try:
            body = await self._read_body(request, kind)
            answer = Answer.new(kind, body["model"])
            fault = await self._meet_fault(request)
            exchange = self._answer_to(body, kind)
            if body.get("stream"):
                return await self._stream(request, body, exchange, answer, cut=fault == "cut")
            served = await self.machine.generate(exchange.prompt, exchange.reply, _priority(body))
        except Refused as error:
            return _error(error)
        taken = usage(len(exchange.prompt), len(exchange.reply), served.cached)
        return _json(answer.whole([answer.choice(0, exchange)], taken, times(served)))

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
            body = await self._read_body(request, "chat")
            exchanges = [self._answer_to({**body, "messages": messages}, "chat") for messages in body["messages"]]
        except Refused as error:
            return _error(error)
        await asyncio.gather(*(self.machine.generate(exchange.prompt, exchange.reply) for exchange in exchanges))
        answer = Answer.new("chat", body["model"])
        choices = [answer.choice(index, exchange) for index, exchange in enumerate(exchanges)]
        if body.get("return_token_ids"):
            for choice, exchange in zip(choices, exchanges, strict=True):
                choice["token_ids"] = list(range(len(exchange.reply)))
        tokens_in = sum(len(exchange.prompt) for exchange in exchanges)
        taken = usage(tokens_in, sum(len(exchange.reply) for exchange in exchanges), 0)
        del taken["prompt_tokens_details"]  # vLLM has none for batches
        return _json(answer.whole(choices, taken, None))

    async def _stream(
        self, request: web.Request, body: Body, exchange: Exchange, answer: Answer, *, cut: bool
    ) -> web.StreamResponse:
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
                part = answer.part(reply[number - 1], finish_reason, first=number == 1, tool=exchange.tool)
                await response.write(part)
                if cut and 2 * number >= len(reply):
                    return response
            taken = usage(len(prompt_tokens), len(reply), (await task).cached)
            if (body.get("stream_options") or {}).get("include_usage"):
                await response.write(answer.end(taken))
            await response.write(b"data: [DONE]\n\n")
        except ConnectionResetError:
            pass  # the client has gone
        finally:
            task.cancel()
        return response

    async def _read_body(self, request: web.Request, kind: Kind) -> dict[str, Any]:
        """Return the JSON of a request that may be served now. Raises Refused."""
        if self._most_waiting is not None and self.machine.waiting >= self._most_waiting:
            self.machine.counters.rejections += 1
            raise Refused(503, "the queue is full")
        try:
            body = normalized(orjson.loads(await request.read()), kind, self.spec.names)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            what = "messages" if kind == "chat" else "prompt"
            raise Refused(400, f"send a JSON object with model and {what}") from None
        if body.get("priority") and not self.spec.priority:
            raise Refused(400, "priority scheduling is not enabled")
        if limit := body.get("max_tokens"):
            body["max_tokens"] = min(limit, self.spec.context + 1)  # more never fits
        return body

    def _answer_to(self, body: Body, kind: Kind) -> Exchange:
        """Return prompt and reply of a request. Raises Refused."""
        messages = as_messages(body["messages"])
        if not self.spec.images and any(message.get(IMAGES) for message in messages):
            raise Refused(400, f"{body['model']} is not a multimodal model")
        body = {**body, "messages": messages}
        prompt_tokens: Sequence[Hashable] = self._template(messages) if kind == "chat" else tokens(messages[0]["content"])
        text = self._answer_text(body)
        call = _tool_call(body, text) if kind == "chat" else None
        answer = tokens(call.arguments if call else text)
        limit = int(body.get("max_tokens") or self.spec.context)
        reply = answer[:limit] or ["."]
        if not self.machine.fits(prompt_tokens, len(reply)):
            raise Refused(400, f"This model's maximum context length is {self.spec.context} tokens")
        cut = len(answer) > limit or (bool(body.get("ignore_eos")) and len(reply) == limit)
        if body["model"] != self.spec.model:
            prompt_tokens = [(body["model"], token) for token in prompt_tokens]  # an adapter's KV cache is its own
        return Exchange(
            prompt_tokens, reply, "length" if cut else "tool_calls" if call else "stop", call.tool if call else ""
        )

    def _answer_text(self, body: Body) -> str:
        limit = self._faults.other
        answer = self._answer(body)
        return other_answer(answer, body) if limit is not None and self._inside > limit else answer


def _tool_call(body: Body, text: str) -> ToolCall | None:
    """Return the call with which a request is answered. Raises Refused for tools that are none."""
    try:
        return tool_call(body, text)
    except (KeyError, TypeError, IndexError, AttributeError, ArenaError):
        raise Refused(400, "tools: a list of functions with name and parameters is needed") from None


def _priority(body: Body) -> int:
    return int(body.get("priority") or 0)


def _json(data: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(data), content_type="application/json")


def _error(error: Refused) -> web.Response:
    body = {"error": {"message": str(error), "type": "BadRequestError", "code": error.status}}
    headers = {"Retry-After": "1"} if error.status == 503 else None
    return web.json_response(body, status=error.status, headers=headers)
