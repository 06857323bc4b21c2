"""A server that fails in three of ten requests: does a run end with the scores of one without faults?

Plays taboo against a server whose replies depend on the conversation alone, without faults and with them: reset
connections, time-outs, slow drips, 408, 429 (with and without Retry-After, in seconds and as a date), 500, 503,
unreadable JSON, no choices, a body cut off, and a restart in the middle; some episodes are refused for good (400 and
413). Prints JSON and a table: `added_seconds` is by how much the faults made the run longer, `explained_seconds` the most
delay that was injected into any one episode, back-off not counted.
usage: python benchmarks/faults.py [--episodes 300] [--share 0.3]
"""

import argparse
import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from time import perf_counter
from typing import Any

from aiohttp import web
from clemsim_arenas.taboo.game import Taboo, Word
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.connect import NetworkOptions
from clemsim.game.instances import EpisodeKey
from clemsim.runtime.agent import opened
from clemsim.runtime.episode import Result
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import ResultCollector
from clemsim.runtime.scheduler import Scheduler

WORDS = ("winter", "bread", "river", "mountain")
TIMEOUT = 0.3  # seconds after which the client gives an attempt up
DOWN = 0.3  # seconds for which the server is gone


class Server:
    """Answers by the conversation; fails in a share of the requests."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.rng = random.Random(5)
        self.faults: Counter[str] = Counter()
        self.delays: defaultdict[str, float] = defaultdict(float)  # seconds injected, by episode

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """A reply, or what a bad day does to it."""
        sent = await request.json()
        said = [message["content"] for message in sent["messages"]]
        if self.share and any(f"[{status}]" in said[0] for status in (400, 413)):
            self.faults["refused"] += 1
            return web.Response(status=400 if "[400]" in said[0] else 413, text='{"error": "no"}')
        if self.rng.random() < self.share:
            name = self.rng.choice(sorted(FAULTS))
            self.faults[name] += 1
            delay, fault = FAULTS[name]
            self.delays[said[0]] += delay
            return await fault(request)
        return web.json_response(completion(reply(said)))


def reply(said: list[str]) -> str:
    """A clue, a guess, or now and then neither."""
    draw = blake2b("\x1f".join(said).encode(), digest_size=4).digest()
    if draw[0] % 23 == 0:
        return "Hm."
    return f"GUESS: {WORDS[draw[1] % len(WORDS)]}" if "Guess it" in said[0] else f"CLUE: thing number {draw[1]}"


def completion(text: str) -> dict[str, Any]:
    """The JSON of an answer; without the usage, as some servers have it."""
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


async def reset(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def silent(request: web.Request) -> web.StreamResponse:
    """Say nothing for too long."""
    await asyncio.sleep(TIMEOUT * 2)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """Send byte after byte, too slowly."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):  # the client has gone
        for byte in b'{"choices": ':
            await response.write(bytes([byte]))
            await asyncio.sleep(TIMEOUT / 4)
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    """Promise more than is sent."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    return await reset(request)


def says(status: int, text: str = "{}", **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """An answer at once."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, text=text, headers={key.replace("_", "-"): value for key, value in headers.items()}
        )

    return answer


async def busy_until(request: web.Request) -> web.StreamResponse:
    """429 with a date in a second, as HTTP writes it."""
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    return web.Response(status=429, headers={"Retry-After": then})


# By name: the seconds that it costs an episode at least, and what happens.
FAULTS: dict[str, tuple[float, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = {
    "reset": (0, reset),
    "timeout": (TIMEOUT, silent),
    "drip": (TIMEOUT, drip),
    "cut": (0, cut),
    "408": (0, says(408)),
    "429": (0, says(429)),
    "429 in seconds": (0.2, says(429, Retry_After="0.2")),
    "429 until a date": (1, busy_until),
    "500": (0, says(500, "oops")),
    "503": (0, says(503)),
    "not JSON": (0, says(200, "<html>")),
    "no choices": (0, says(200, '{"choices": []}')),
}


@asynccontextmanager
async def serving(server: Server, port: int = 0) -> Any:
    """The server at its address."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def instances(count: int) -> list[Word]:
    """Words of which every fiftieth is refused; a description in brackets stands in the prompt through its related words."""
    return [Word(id=n, target=WORDS[n % len(WORDS)], related=(f"number {n}", f"[{refused(n)}]")) for n in range(count)]


def refused(number: int) -> int:
    """With what status an episode is refused; 0 for not at all."""
    return (400, 413)[number // 50 % 2] if number % 50 == 7 else 0


async def play(count: int, share: float) -> tuple[dict[EpisodeKey, Result], float, Server]:
    """All episodes against such a server; in the middle it is gone for a while where it fails at all."""
    server, keeper = Server(share), ResultCollector()
    async with serving(server) as port:
        address = f"http://127.0.0.1:{port}/v1"
    agent = ModelAgent(
        ChatEngine(
            "fake", address, width=None, network=NetworkOptions(TIMEOUT), attempts=40, first_wait=0.01, longest_wait=0.2
        ),
        Sampling(),
    )
    episodes = Taboo().episodes(instances(count), agent)
    scheduler = Scheduler(keeper)

    async def serve(until: asyncio.Event) -> None:
        async with serving(server, port):
            await asyncio.wait([asyncio.ensure_future(until.wait())], timeout=0.5 if share else None)
        if share and not until.is_set():
            await asyncio.sleep(DOWN)
            server.faults["restart"] += 1
            async with serving(server, port):
                await until.wait()

    over = asyncio.Event()
    served = asyncio.ensure_future(serve(over))
    await asyncio.sleep(0.1)
    async with opened([agent]):
        begun = perf_counter()
        await scheduler.play(episodes)
        seconds = perf_counter() - begun
    over.set()
    await served
    return keeper.results, seconds, server


async def main(count: int, share: float) -> None:
    """Play without faults and with them, and compare."""
    plain, plain_seconds, _ = await play(count, 0)
    faulty, seconds, server = await play(count, share)
    unfinished = {key: result.cause for key, result in faulty.items() if result.outcome is None}
    on_purpose = {key for key, result in plain.items() if f"{result.transcript.instance}".find("[4") >= 0}
    same = all(faulty[key].transcript.events == plain[key].transcript.events for key in plain if key not in on_purpose)
    longest = max(server.delays.values(), default=0) + (DOWN if server.faults["restart"] else 0)
    show(
        {
            "benchmark": "faults",
            "episodes": count,
            "outcomes": Counter(result.outcome.kind for result in plain.values() if result.outcome),
            "faults": dict(server.faults),
            "same_transcripts": same,
            "unfinished": Counter(unfinished.values()),
            "unfinished_on_purpose_only": set(unfinished) == on_purpose,
            "seconds": round(seconds, 2),
            "added_seconds": round(seconds - plain_seconds, 2),
            "explained_seconds": round(longest, 2),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=300)
    parser.add_argument("--share", type=float, default=0.3, help="of requests that fail")
    options = parser.parse_args()
    run_async(main(options.episodes, options.share))
