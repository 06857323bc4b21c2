"""Are 60 taboo episodes all in flight together, at a server that takes 50 ms for a reply?

Prints JSON and a table; `ratio` is the wall time over that of the longest chain of turns (1 is the ideal).
usage: python benchmarks/in_flight.py [--episodes 60] [--delay 0.05]
"""

import argparse
import asyncio
from collections import Counter
from time import perf_counter

from aiohttp import web
from clemsim_arenas.taboo.game import Taboo, Word
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler


class Server:
    """Answers every chat completion after a while, so that no word is guessed before the last round."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.in_flight = self.peak = 0

    async def complete(self, request: web.Request) -> web.Response:
        """Answer in the format of taboo."""
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        body = await request.json()
        await asyncio.sleep(self.delay)
        self.in_flight -= 1
        guessing = "Guess it" in body["messages"][0]["content"]
        text = "GUESS: nothing" if guessing else "CLUE: something"
        return web.json_response({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": {}})

    async def models(self, request: web.Request) -> web.Response:
        """List one model."""
        return web.json_response({"data": [{"id": "fake", "owned_by": "benchmark"}]})


class Counting(Observer):
    """Counts the turns of each episode."""

    def __init__(self) -> None:
        self.turns: Counter[EpisodeKey] = Counter()

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Count a turn."""
        self.turns[key] += 1


async def main(episodes: int, delay: float) -> None:
    """Serve, play, print."""
    server = Server(delay)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_get("/v1/models", server.models)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    agent = ModelAgent(ChatEngine("fake", f"http://127.0.0.1:{port}/v1"), Sampling())
    words = [Word(id=number, target="apple", related=("fruit", "tree", "pie")) for number in range(episodes)]
    counting = Counting()
    async with opened([agent]):
        begun = perf_counter()
        await Scheduler(counting).play(Taboo().episodes(words, agent))
        seconds = perf_counter() - begun
    await runner.cleanup()
    longest = max(counting.turns.values()) * delay
    show(
        {
            "benchmark": "in_flight",
            "episodes": episodes,
            "requests": counting.turns.total(),
            "peak_in_flight": server.peak,
            "seconds": round(seconds, 3),
            "longest_chain_seconds": round(longest, 3),
            "ratio": round(seconds / longest, 3),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=60)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds a reply takes")
    options = parser.parse_args()
    run_async(main(options.episodes, options.delay))
