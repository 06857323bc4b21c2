"""A chat server in a process of its own that answers after a fixed time, or at once: what is left is the client's cost.

It says what it was told to: to a conversation that it knows, the line that belongs to it; else the reply of the first mark
that is in the body of the request. It notes when how many requests were in flight.
"""

import asyncio
import multiprocessing
import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any
from urllib.request import urlopen

import orjson
import uvloop
from aiohttp import web

TABOO = {"Guess it": "GUESS: nothing", "": "CLUE: something"}  # it is played without ever guessing
LONGEST_BODY = 16 * 2**20  # bytes


def conversation(messages: Sequence[Mapping[str, Any]]) -> str:
    """What a line belongs to: all texts so far."""
    return "\x1e".join(str(message["content"]) for message in messages)


@dataclass(frozen=True)
class Script:
    """What is said: `lines` by conversation, and replies by a text in the request, which are looked for in turn."""

    replies: Mapping[str, str] = field(default_factory=lambda: TABOO)
    lines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """What was served. `samples`: when, and how many were in flight from then on; `unknown`: not in the lines."""

    samples: Sequence[Sequence[float]]
    unknown: int

    @property
    def requests(self) -> int:
        """How many there were."""
        return len(self.samples) // 2

    @property
    def finish(self) -> float:
        """When the last answer went, by `perf_counter`."""
        return self.samples[-1][0]

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return self.finish - self.samples[0][0]

    def tail(self, width: int) -> float:
        """Seconds at the end without `width` requests in flight."""
        full = [ends for (_, number), (ends, _) in pairwise(self.samples) if number >= width]
        return self.finish - (full[-1] if full else self.samples[0][0])

    def busy(self, width: int) -> float:
        """The share of the width that was used."""
        work = sum(number * (ends - begins) for (begins, number), (ends, _) in pairwise(self.samples))
        return work / (width * self.seconds)


@dataclass(frozen=True)
class ChatServer:
    """The server, from outside. `address`: such as http://127.0.0.1:40000."""

    address: str

    @property
    def url(self) -> str:
        """What clients of OpenAI's interface want."""
        return f"{self.address}/v1"

    def take(self) -> Served:
        """Return what was served since this was last asked."""
        with urlopen(f"{self.address}/take") as answer:
            return Served(*orjson.loads(answer.read()))


@contextmanager
def chat_server(delay: float = 0.0, script: Script | None = None) -> Iterator[ChatServer]:
    """Serve. `delay`: seconds of a reply. Without a script it plays taboo."""
    here, there = multiprocessing.Pipe()
    arguments = (there, delay, script or Script())
    process = multiprocessing.get_context("spawn").Process(target=serve, args=arguments, daemon=True)
    process.start()
    try:
        yield ChatServer(f"http://127.0.0.1:{here.recv()}")
    finally:
        process.kill()


def many_connections() -> None:
    """Let this process have as many open files as it may."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def body_of(text: str) -> bytes:
    """The body of an answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    about = {"id": "x", "object": "chat.completion", "created": 0, "model": "fake"}
    return orjson.dumps({**about, "choices": [choice], "usage": usage})


class Desk:
    """The server, from inside."""

    def __init__(self, delay: float, script: Script) -> None:
        self.delay = delay
        self.marks = [(orjson.dumps(mark)[1:-1], body_of(text)) for mark, text in script.replies.items()]
        self.lines = {said: body_of(text) for said, text in script.lines.items()}
        self.in_flight = self.unknown = 0
        self.samples: list[tuple[float, int]] = []

    def count(self, change: int) -> None:
        """A request begins or ends."""
        self.in_flight += change
        self.samples.append((perf_counter(), self.in_flight))

    def answer(self, sent: bytes) -> bytes:
        """What is said to a request."""
        if self.lines:
            if known := self.lines.get(conversation(orjson.loads(sent)["messages"])):
                return known
            self.unknown += 1
        return next(body for mark, body in self.marks if mark in sent)

    async def complete(self, request: web.Request) -> web.Response:
        """Answer a request."""
        sent = await request.read()
        self.count(1)
        body = self.answer(sent)
        if self.delay:
            await asyncio.sleep(self.delay)
        self.count(-1)
        return web.Response(body=body, content_type="application/json")

    async def take(self, request: web.Request) -> web.Response:
        """Tell what was served, and begin anew."""
        body = orjson.dumps((self.samples, self.unknown))
        self.samples, self.unknown = [], 0
        return web.Response(body=body, content_type="application/json")


def serve(ready: Connection, delay: float, script: Script) -> None:
    """Answer chat completions until the process is killed."""
    many_connections()
    desk = Desk(delay, script)

    async def main() -> None:
        app = web.Application(client_max_size=LONGEST_BODY)
        app.router.add_post("/v1/chat/completions", desk.complete)
        app.router.add_get("/take", desk.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
