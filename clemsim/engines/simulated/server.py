"""A simulated server behind vLLM's HTTP routes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import time
from typing import Any

import orjson
from aiohttp import web

from clemsim.engines.simulated.answers import SimulatedAnswer, Template, babble, prompt, tokens
from clemsim.engines.simulated.faults import LATE, Faults, other_answer
from clemsim.engines.simulated.machine import Machine, Served, Spec
from clemsim.engines.simulated.metrics import exposition

LONGEST_BODY = 64 * 2**20  # bytes
ROUTES = ("/v1/chat/completions", "/v1/chat/completions/batch", "/v1/models", "/health", "/version", "/metrics")


BACKLOG = 4096  # connections that may wait to be accepted: a load test opens many at once
NO_FAULTS = Faults()


class Refused(Exception):
    """The request gets this status and text instead of an answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class SimulatedServer:
    """One server; `most_waiting`: more than so many requests in its queue are turned away with 503."""

    def __init__(
        self,
        spec: Spec,
        answer: SimulatedAnswer = babble,
        most_waiting: int | None = None,
        template: Template = prompt,
        faults: Faults = NO_FAULTS,
    ) -> None:
        self.spec = spec
        self.machine = Machine(spec)
        self.url = ""
        self._answer = answer
        self._template = template
        self._most_waiting = most_waiting
        self._faults = faults
        self._dice = random.Random(0)
        self._inside = 0  # requests that have come and are not answered
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen; port 0: any that is free."""
        self.machine = Machine(self.spec)
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=BACKLOG).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Answer nobody any more, not even those who wait; with `start` it begins with an empty cache."""
        if self._runner:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[SimulatedServer]:
        """Listen until the block is over."""
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
            body = await self._body(request)
            fault = await self._fail(request)
            asked, reply, finish = self._say(body)
            if body.get("stream"):
                return await self._stream(request, body, asked, reply, "" if fault == "cut" else finish)
            served = await self.machine.generate(asked, reply, int(body.get("priority") or 0))
        except Refused as error:
            return _error(error)
        choice = _choice(0, "".join(reply), finish)
        return self._answered([choice], _usage(len(asked), len(reply), served.cached), _timed(served))

    async def _fail(self, request: web.Request) -> str:
        """The fault that a request meets, which may end it here."""
        fault = self._faults.draw(self._dice)
        match fault:
            case "busy":
                raise Refused(503, "the server is busy")
            case "error":
                raise Refused(500, "something went wrong")
            case "reset" if request.transport:
                request.transport.abort()
                raise Refused(500, "nobody hears this")
            case "stall":
                await asyncio.sleep(LATE)
        return fault

    async def _batch(self, request: web.Request) -> web.Response:
        """Several conversations, one answer for all, when the last of them is ready."""
        try:
            body = await self._body(request)
            said = [self._say({**body, "messages": each}) for each in body["messages"]]
        except Refused as error:
            return _error(error)
        await asyncio.gather(*(self.machine.generate(asked, reply) for asked, reply, _ in said))
        choices = [_choice(index, "".join(reply), finish) for index, (_, reply, finish) in enumerate(said)]
        if body.get("return_token_ids"):
            for choice, (_, reply, _) in zip(choices, said, strict=True):
                choice["token_ids"] = list(range(len(reply)))
        tokens_in, tokens_out = sum(len(asked) for asked, _, _ in said), sum(len(reply) for _, reply, _ in said)
        usage = _usage(tokens_in, tokens_out, 0)
        del usage["prompt_tokens_details"]  # vLLM has none for batches
        return self._answered(choices, usage, None)

    async def _stream(
        self, request: web.Request, body: Mapping[str, Any], asked: list[str], reply: list[str], finish: str
    ) -> web.StreamResponse:
        """One server-sent event for every token; where the end is not to be reached, half of them."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
        except ConnectionResetError:
            return response  # the client has gone before the first token
        heard: asyncio.Queue[int] = asyncio.Queue()
        task = asyncio.ensure_future(self.machine.generate(asked, reply, int(body.get("priority") or 0), heard.put_nowait))
        try:
            for number in range(1, len(reply) + 1):
                await heard.get()
                choice = {"index": 0, "delta": {"content": reply[number - 1]}, "finish_reason": None}
                choice["finish_reason"] = finish if number == len(reply) else None
                await response.write(_event({"choices": [choice]}))
                if not finish and 2 * number >= len(reply):
                    return response
            usage = _usage(len(asked), len(reply), (await task).cached)
            if (body.get("stream_options") or {}).get("include_usage"):
                await response.write(_event({"choices": [], "usage": usage}))
            await response.write(b"data: [DONE]\n\n")
        except ConnectionResetError:
            pass  # nobody listens any more
        finally:
            task.cancel()
        return response

    async def _body(self, request: web.Request) -> dict[str, Any]:
        """The request, if it may be served now."""
        if self._most_waiting is not None and self.machine.waiting >= self._most_waiting:
            self.machine.counters.rejections += 1
            raise Refused(503, "the queue is full")
        try:
            body = orjson.loads(await request.read())
            wanted, priority = body["model"], body.get("priority")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise Refused(400, "send a JSON object with model and messages") from None
        if wanted != self.spec.model:
            raise Refused(404, f"the model {wanted!r} does not exist")
        if priority and not self.spec.priority:
            raise Refused(400, "priority scheduling is not enabled")
        return dict(body)

    def _say(self, body: Mapping[str, Any]) -> tuple[list[str], list[str], str]:
        """Prompt and reply in tokens, and why the reply ends."""
        try:
            asked, said = self._template(body["messages"]), tokens(self._answered_with(body))
        except (KeyError, TypeError, IndexError):
            raise Refused(400, "messages: a list of objects with role and content is needed") from None
        most = int(body.get("max_tokens") or self.spec.context)
        reply = said[:most] or ["."]
        if not self.machine.fits(asked, len(reply)):
            raise Refused(400, f"This model's maximum context length is {self.spec.context} tokens")
        return asked, reply, "length" if len(said) > most else "stop"

    def _answered_with(self, body: Mapping[str, Any]) -> str:
        most = self._faults.other
        said = self._answer(body)
        return other_answer(said, body) if most is not None and self._inside > most else said

    def _answered(self, choices: list[Any], usage: Any, timed: Any) -> web.Response:
        said = {
            "object": "chat.completion",
            "created": int(time()),
            "model": self.spec.model,
            "choices": choices,
            "usage": usage,
            "metrics": timed,
        }
        return web.Response(body=orjson.dumps(said), content_type="application/json")


def _choice(index: int, text: str, finish: str) -> dict[str, Any]:
    return {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": finish}


def _usage(tokens_in: int, tokens_out: int, cached: int) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _timed(served: Served) -> dict[str, float]:
    return {"queue_time_ms": 1000 * served.queued, "time_to_first_token_ms": 1000 * (served.first_token - served.queued)}


def _event(data: Any) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _error(error: Refused) -> web.Response:
    said = {"error": {"message": str(error), "type": "BadRequestError", "code": error.status}}
    headers = {"Retry-After": "1"} if error.status == 503 else None
    return web.json_response(said, status=error.status, headers=headers)
