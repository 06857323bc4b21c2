"""How much of a bare client's request rate is left when clemsim plays, with recording on?

A server in a process of its own answers at once. First a bare aiohttp loop sends it the requests of taboo (as many at a
time as clemsim has), then clemsim plays as many episodes, with its run store; so in turn. Prints JSON and a table; `share`
is clemsim's request rate over that of the bare loop, `cpu_ratio` its CPU time for a request over that of the bare loop, of
the cheapest round of each; `cpu_ratios` those of each round and the one before it.
usage: python benchmarks/throughput.py [--episodes 2000] [--width 64]
"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import aiohttp
import orjson
from chat_server import chat_server
from clemsim_arenas.taboo.game import Taboo, Word
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.runtime.agent import opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.writer import RunStore

ROUNDS = 5
TURNS = 6  # requests of an episode of taboo in which nothing is guessed


async def bare(url: str, requests: int, width: int) -> tuple[float, float]:
    """CPU seconds and seconds of a loop that does nothing but send a request and read its answer."""
    prompt = Taboo().prompt("describer", target="apple", related="fruit", rounds=3)
    sent = orjson.dumps({"model": "fake", "messages": [{"role": "user", "content": prompt}], "max_tokens": 300})
    left = requests

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            async with session.post(f"{url}/chat/completions", data=sent) as response:
                orjson.loads(await response.read())

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": "application/json"}) as session:
        begun, cpu = perf_counter(), process_time()
        await asyncio.gather(*(work(session) for _ in range(width)))
        return process_time() - cpu, perf_counter() - begun


async def clemsim(url: str, episodes: int, width: int) -> tuple[float, float]:
    """CPU seconds and seconds of as many requests, played and recorded."""
    taboo = Taboo()
    agent = ModelAgent(ChatEngine("fake", url, width=width), Sampling())
    words = [Word(id=number, target="apple", related=("fruit",)) for number in range(episodes)]
    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "run.db")
        some = taboo.episodes(words, agent)
        for episode in some:
            store.enlist(episode.key, episode.instance, taboo.version)
        async with opened([agent]):
            begun, cpu = perf_counter(), process_time()
            await Scheduler(store).play(some)
            store.close()
            return process_time() - cpu, perf_counter() - begun


async def main(episodes: int, width: int, url: str) -> None:
    """Both, in turn, and of each the round that cost the least CPU; the first round of each only warms up."""
    requests = episodes * TURNS
    plain, played = [], []
    for _ in range(ROUNDS + 1):
        plain.append(await bare(url, requests, width))
        played.append(await clemsim(url, episodes, width))
    (bare_cpu, bare_seconds), (cpu, seconds) = min(plain[1:]), min(played[1:])
    show(
        {
            "benchmark": "throughput",
            "episodes": episodes,
            "requests": requests,
            "width": width,
            "bare_requests_per_second": round(requests / bare_seconds),
            "clemsim_requests_per_second": round(requests / seconds),
            "share": round(bare_seconds / seconds, 3),
            "bare_cpu_microseconds": round(bare_cpu / requests * 1e6),
            "clemsim_cpu_microseconds": round(cpu / requests * 1e6),
            "cpu_ratio": round(cpu / bare_cpu, 3),
            "cpu_ratios": [round(ours[0] / theirs[0], 3) for ours, theirs in zip(played[1:], plain[1:], strict=True)],
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=2000)
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    with chat_server() as server:
        run_async(main(options.episodes, options.width, server.url))
