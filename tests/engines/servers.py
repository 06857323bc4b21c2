"""A chat server inside the test process that answers as a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from aiohttp import web

from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.game.formats import Format

MODEL = "tiny"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def ask(text: str = "Say something.", *, max_tokens: int = 300, seed: int = 7, form: Format | None = None) -> Request:
    """Return a request of one message."""
    sampling = Sampling(max_tokens=max_tokens)
    return Request([ChatMessage(role="user", content=text)], sampling, seed, "taboo/0", "guesser", 1, form)


def answer(text: str | None = "hello there", finish: str = "stop", **more: Any) -> dict[str, Any]:
    """Return the JSON of a chat completion."""
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"choices": [choice], "usage": usage, "system_fingerprint": "fp"} | more


@dataclass
class FakeServer:
    """Gives the `faults` one by one, then good answers; keeps the bodies and keys that it was sent."""

    faults: list[Handler] = field(default_factory=list)
    owner: str = "someone"
    models: Handler | None = None
    version: dict[str, Any] | None = None
    props: dict[str, Any] | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    metrics: str | None = None
    listings: int = 0
    priority: bool = False
    url: str = ""
    seen: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def log(self) -> str:
        """All that it was sent, but for bodies."""
        return "\n".join(f"{path} {dict(headers)}" for path, headers in self.seen)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/chat/completions."""
        body = await request.json()
        if body.get("priority") and not self.priority:
            return web.json_response({"error": {"message": "priority scheduling is not enabled"}}, status=400)
        self.keys.append(request.headers.get("Authorization"))
        self.bodies.append(body)
        if self.faults:
            return await self.faults.pop(0)(request)
        words = ["one", "two", "three", "four", "five"]
        limit = body["max_tokens"]
        return web.json_response(answer(" ".join(words[:limit]), "length" if len(words) > limit else "stop"))

    async def listing(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /v1/models."""
        self.listings += 1
        if self.models:
            return await self.models(request)
        return web.json_response({"data": [{"id": MODEL, "owned_by": self.owner}]})

    async def about(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /version and /props."""
        page = self.version if request.path == "/version" else self.props
        return web.json_response(page) if page is not None else web.Response(status=404)

    async def load(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /metrics."""
        return web.Response(text=self.metrics) if self.metrics is not None else web.Response(status=404)


@asynccontextmanager
async def serving(server: FakeServer, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[FakeServer]:
    """Let the server listen on the loopback address, at a free port unless one is given."""

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        server.seen.append((request.path_qs, dict(request.headers)))
        return await handler(request)

    app = web.Application(middlewares=[note])
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_post("/v1/messages", server.chat)
    app.router.add_get("/v1/models", server.listing)
    app.router.add_get("/version", server.about)
    app.router.add_get("/props", server.about)
    app.router.add_get("/metrics", server.load)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


@contextmanager
def serving_in_thread(server: FakeServer, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[FakeServer]:
    """Let the server listen on an event loop of its own, for tests of what blocks."""
    ready, done = Event(), Event()

    async def serve() -> None:
        async with serving(server, tls, port):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        done.set()
        thread.join()


def says(status: int, text: str = "{}", **headers: str) -> Handler:
    """Return a handler that answers with this status and body; `_` in the names of headers stands for `-`."""

    async def handler(request: web.Request) -> web.StreamResponse:
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=dashed)

    return handler
