"""How much of what a vLLM server can do does clemsim get out of it, without being told how?

Plays a part of the suite `paper` at several widths and at `--width auto`, each time with a cold prefix cache, and notes
every request. A bare closed loop (aiohttp) then sends the very same conversations, so many at a time. Prints JSON and a
table: generated tokens per second of each; `auto_of_best_width` and `auto_of_best_loop` are the ratios that matter.
usage: python benchmarks/real_server.py MODEL@URL [--instances 2] [--widths 16 32 64 128] [--max-tokens 48]
"""

import argparse
import asyncio
import secrets
from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import aiohttp
import orjson
from clemsim_agents.llm import LLMSeat
from report import show

from clemsim.agent import Cast
from clemsim.cli.common import run_async
from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.folder import RunConfig
from clemsim.preparing import opened, prepare
from clemsim.scheduling.scheduler import Scheduler
from clemsim.scribe import Scribe, Tally
from clemsim.store import RunStore

SUITE = "paper"


class Noting(ChatEngine):
    """Keeps what it sends, by episode and in order."""

    def __init__(self, model: str, url: str) -> None:
        super().__init__(model, url, isolated=True)
        self.sent: dict[str, list[dict[str, Any]]] = {}

    async def complete(self, request: Request) -> Completion:
        """As ever."""
        self.sent.setdefault(request.episode, []).append(self._body(request))
        return await super().complete(request)


async def play(options: argparse.Namespace, width: int | None) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    """A run and what it sent."""
    model, _, url = options.spec.partition("@")
    prepared = prepare(RunConfig(suite=SUITE, instances=options.instances, agents=("random",), arenas=tuple(options.arena)))
    engine = Noting(model, url)
    agent = LLMSeat(engine, Sampling(max_tokens=options.max_tokens), constrain=True)
    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "run.db")
        episodes = [
            episode
            for name, arena in prepared.arenas.items()
            for episode in arena.episodes(prepared.instances[name], Cast.of(agent))
        ]
        for episode in episodes:
            store.enlist(episode.key, episode.instance, prepared.arenas[episode.key.arena].version)
        async with opened([agent]):
            scheduler = Scheduler(Scribe(store, prepared.arenas, Tally()), width)
            begun = perf_counter()
            await scheduler.play(episodes)
            seconds = perf_counter() - begun
        store.close()
    progress = scheduler.progress
    figures = {
        "tokens_per_second": round(progress.tokens_out / seconds, 1),
        "seconds": round(seconds, 1),
        "requests": progress.requests,
        "unfinished": progress.unfinished,
        "cached_share": round(progress.tokens_cached / progress.tokens_in, 3),
        "peak_in_flight": progress.peak_in_flight,
    }
    return figures, list(engine.sent.values())


async def loop(options: argparse.Namespace, conversations: list[list[dict[str, Any]]], width: int) -> dict[str, Any]:
    """The same requests from a loop that keeps `width` conversations going and does nothing else."""
    url = options.spec.partition("@")[2]
    left, salt, tokens = deque(conversations), secrets.token_hex(8), 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal tokens
        while left:
            for body in left.popleft():
                body = {**body, "cache_salt": salt}
                async with session.post(f"{url}/v1/chat/completions", data=orjson.dumps(body)) as answer:
                    tokens += orjson.loads(await answer.read())["usage"]["completion_tokens"]

    headers = {"Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers, timeout=timeout) as session:
        begun = perf_counter()
        await asyncio.gather(*(work(session) for _ in range(width)))
        seconds = perf_counter() - begun
    return {"tokens_per_second": round(tokens / seconds, 1), "seconds": round(seconds, 1)}


async def main(options: argparse.Namespace) -> None:
    """All, one after the other."""
    auto, conversations = await play(options, None)
    loops = {width: await loop(options, conversations, width) for width in options.widths}
    played = {width: (await play(options, width))[0] for width in options.widths}
    again, _ = await play(options, None)

    def best(some: dict[int, dict[str, Any]]) -> float:
        return max(float(each["tokens_per_second"]) for each in some.values())

    ours = max(auto["tokens_per_second"], again["tokens_per_second"])
    show(
        {
            "benchmark": "real_server",
            "auto": [auto, again],
            "widths": played,
            "loops": loops,
            "auto_of_best_width": round(ours / best(played), 3),
            "auto_of_best_loop": round(ours / best(loops), 3),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", metavar="MODEL@URL")
    parser.add_argument("--arena", action="append", default=[], help="only this game; repeat")
    parser.add_argument("--instances", type=int, default=2, help="of each experiment")
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 32, 64, 128])
    parser.add_argument("--max-tokens", type=int, default=48)
    run_async(main(parser.parse_args()))
