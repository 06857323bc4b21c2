"""How much of what a vLLM server can do does clemsim get out of it, without being told how?

Plays a part of the suite `paper` at several widths and at `--width auto`, each time with a cold prefix cache, and keeps
every request. A bare closed loop (aiohttp) then sends the same conversations at each width. Games that ask a hundred times
in a row are left out, for so small a part of a suite would be nothing but their end. Prints JSON and a table: generated
tokens per second of each; `auto_of_best_width` and `auto_of_best_loop` are the ratios that matter.
usage: python benchmarks/real_server.py MODEL@URL [--instances 4] [--widths 8 16 24 32] [--max-tokens 48] [--rounds 2]
The server should run far fewer requests at once than there are episodes (--max-num-seqs 16).
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
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.runs.prepare import prepare
from clemsim.runtime.agent import Cast, opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.config import RunConfig
from clemsim.store.writer import RunStore

SUITE = "paper"


class KeepingEngine(ChatEngine):
    """Keeps what it sends, by episode and in order."""

    def __init__(self, model: str, url: str) -> None:
        super().__init__(model, url, isolated=True)
        self.sent: dict[str, list[dict[str, Any]]] = {}

    async def complete(self, request: Request) -> Completion:
        """Keep the request and answer it."""
        self.sent.setdefault(request.episode, []).append(self._body(request))
        return await super().complete(request)


async def play(options: argparse.Namespace, width: int | None) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    """Play a run; return its figures and the bodies that it sent, by episode."""
    model, _, url = options.spec.partition("@")
    prepared = prepare(RunConfig(suite=SUITE, instances=options.instances, agents=("random",), arenas=tuple(options.arenas)))
    engine = KeepingEngine(model, url)
    agent = ModelAgent(engine, Sampling(max_tokens=options.max_tokens), constrain=True)
    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "run.db")
        cast = Cast.of(agent)
        episodes = [
            episode
            for name, arena in prepared.arenas.items()
            for episode in arena.episodes([each.instance for each in prepared.episodes if each.key.arena == name], cast)
        ]
        for episode in episodes:
            store.enlist(episode.key, episode.instance, prepared.arenas[episode.key.arena].version)
        async with opened([agent]):
            scheduler = Scheduler(store, width)
            begun = perf_counter()
            await scheduler.play(episodes)
            seconds = perf_counter() - begun
        store.close()
    progress = scheduler.progress
    figures = {
        "tokens": progress.tokens_out,
        "seconds": round(seconds, 2),
        "requests": progress.requests,
        "unfinished": progress.unfinished,
        "cached_share": round(progress.tokens_cached / progress.tokens_in, 3),
        "peak_in_flight": progress.peak_in_flight,
    }
    return figures, list(engine.sent.values())


async def loop(options: argparse.Namespace, conversations: list[list[dict[str, Any]]], width: int) -> dict[str, Any]:
    """Send the same requests from a loop that keeps `width` conversations going and does nothing else."""
    url = options.spec.partition("@")[2]
    queue, salt, tokens = deque(conversations), secrets.token_hex(8), 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal tokens
        while queue:
            for body in queue.popleft():
                body = {**body, "cache_salt": salt}
                async with session.post(f"{url}/v1/chat/completions", data=orjson.dumps(body)) as response:
                    tokens += orjson.loads(await response.read())["usage"]["completion_tokens"]

    headers = {"Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers, timeout=timeout) as session:
        begun = perf_counter()
        await asyncio.gather(*(work(session) for _ in range(width)))
        seconds = perf_counter() - begun
    return {"tokens": tokens, "seconds": round(seconds, 2)}


async def main(options: argparse.Namespace) -> None:
    """Measure all in turn, round by round, every other round backwards; one run beforehand warms the server up."""
    auto: list[dict[str, Any]] = []
    widths: dict[int, list[dict[str, Any]]] = {width: [] for width in options.widths}
    loops: dict[int, list[dict[str, Any]]] = {width: [] for width in options.widths}
    _, conversations = await play(options, None)
    for number in range(options.rounds):
        for width in [None, *options.widths][:: -1 if number % 2 else 1]:
            figures, _ = await play(options, width)
            if width is None:
                auto.append(figures)
            else:
                widths[width].append(figures)
                loops[width].append(await loop(options, conversations, width))
    rate = mean_rate(auto)
    best_width, best_loop = (max(map(mean_rate, runs.values())) for runs in (widths, loops))
    show(
        {
            "benchmark": "real_server",
            "auto_of_best_width": round(rate / best_width, 3),
            "auto_of_best_loop": round(rate / best_loop, 3),
            "tokens_per_second": {
                "auto": {"played": round(rate, 1), "loop": None},
                **{
                    f"width {width}": {"played": round(mean_rate(runs), 1), "loop": round(mean_rate(loops[width]), 1)}
                    for width, runs in widths.items()
                },
            },
            "auto": auto[-1],
        }
    )


def mean_rate(rounds: list[dict[str, Any]]) -> float:
    """Return the tokens per second over all rounds."""
    return float(sum(figures["tokens"] for figures in rounds) / sum(figures["seconds"] for figures in rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", metavar="MODEL@URL")
    parser.add_argument("--arenas", nargs="+", default=["taboo", "wordle", "wordle_withclue", "referencegame"])
    parser.add_argument("--instances", type=int, default=4, help="of each experiment")
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 16, 24, 32])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=48)
    run_async(main(parser.parse_args()))
