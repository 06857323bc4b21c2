"""A chat server in a process of its own that answers at once, or after a fixed time: what is left is the client's cost."""

import asyncio
import multiprocessing
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import orjson
import uvloop
from aiohttp import web


@contextmanager
def zero_latency_server(delay: float = 0.0) -> Iterator[str]:
    """Its address, such as http://127.0.0.1:40000. It plays taboo without ever guessing; `delay`: seconds of a reply."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, delay), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.kill()


def many_connections() -> None:
    """Let this process have as many open files as it may."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def serve(ready: Connection, delay: float) -> None:
    """Answer chat completions; the guesser is known by its prompt."""
    many_connections()
    bodies = [
        orjson.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9}})
        for text in ("CLUE: something", "GUESS: nothing")
    ]

    async def complete(request: web.Request) -> web.Response:
        body = bodies[b"Guess it" in await request.read()]
        if delay:
            await asyncio.sleep(delay)
        return web.Response(body=body, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", complete)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
