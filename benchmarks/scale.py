"""Do ten thousand episodes at once cost more a turn than a hundred, and how much memory do they take?

Each size is played in a process of its own, with recording on, against a server that takes a while for every reply, so
that all episodes of a size are in flight at once. Prints JSON and a table: CPU microseconds a turn and peak memory of the
process by size, `cost_ratio` (CPU a turn at the largest size over that at the smallest) and kilobytes that one more
started episode takes.
usage: python benchmarks/scale.py [--sizes 100 10000] [--delay 1.0] [--turns 60000]
"""

import argparse
import json
import resource
import subprocess
import sys
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from chat_server import chat_server, many_connections
from clemsim_arenas.taboo.game import Taboo, Word
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.runtime.agent import Agent, opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.writer import RunStore

TURNS = 6  # of an episode in which nothing is guessed


async def play(url: str, count: int, path: Path) -> tuple[float, int]:
    """CPU seconds of so many episodes at once, connections included, and how many were in flight."""
    agent = ModelAgent(ChatEngine("fake", url), Sampling())
    async with opened([agent]):
        return await _play(agent, count, path)


async def _play(agent: Agent, count: int, path: Path) -> tuple[float, int]:
    taboo, store = Taboo(), RunStore(path)
    episodes = taboo.episodes([Word(id=number, target="apple", related=("fruit",)) for number in range(count)], agent)
    for episode in episodes:
        store.enlist(episode.key, episode.instance, taboo.version)
    scheduler = Scheduler(store, count)
    cpu = process_time()
    await scheduler.play(episodes)
    store.close()
    spent = process_time() - cpu
    assert scheduler.progress.done == count
    return spent, scheduler.progress.peak_in_flight


async def child(url: str, count: int, turns: int) -> None:
    """One size, often enough for so many turns."""
    many_connections()
    rounds = max(1, ceil(turns / (count * TURNS)))
    with TemporaryDirectory() as folder:
        await play(url, min(count, 100), Path(folder) / "warm.db")
        took = [await play(url, count, Path(folder) / f"{number}.db") for number in range(rounds)]
    found = {
        "cpu_microseconds_per_turn": round(1e6 * sum(each[0] for each in took) / (rounds * count * TURNS), 1),
        "peak_in_flight": max(each[1] for each in took),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    print(json.dumps(found))


def measure(count: int, turns: int, delay: float) -> dict[str, Any]:
    """One size, in a process of its own."""
    with chat_server(delay) as server:
        command = [sys.executable, __file__, "--child", server.url, "--sizes", str(count), "--turns", str(turns)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def main(options: argparse.Namespace) -> None:
    """All sizes."""
    small, large = min(options.sizes), max(options.sizes)
    found = {size: measure(size, options.turns, options.delay * size / large) for size in options.sizes}
    cost = {size: each["cpu_microseconds_per_turn"] for size, each in found.items()}
    memory = {size: each["peak_megabytes"] for size, each in found.items()}
    ratios = {
        "cost_ratio": round(cost[large] / cost[small], 2),
        "kilobytes_per_episode": round(1024 * (memory[large] - memory[small]) / (large - small), 1),
    }
    show({"benchmark": "scale", "episodes": found, **ratios})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument(
        "--delay", type=float, default=1.0, help="seconds of a reply at the largest size; at others in proportion"
    )
    parser.add_argument("--turns", type=int, default=60_000, help="that each size plays at least")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_async(child(given.child, given.sizes[0], given.turns))
    else:
        main(given)
