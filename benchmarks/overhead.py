"""What a turn costs clemsim itself: scripted taboo episodes without a server, with and without the run store.

Prints JSON and a table: turns a second in memory, and into a store, and the ratio of the two.
usage: python benchmarks/overhead.py [--episodes 2000]
"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from clemsim_arenas.taboo.game import DESCRIBER, Taboo, Word
from report import show

from clemsim.engines.base import Request, Sampling
from clemsim.engines.scripted import ScriptedEngine
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.writer import RunStore


def script(request: Request) -> str:
    """Never the right word."""
    return "CLUE: something to eat" if request.seat == DESCRIBER else "GUESS: nothing"


async def main(count: int) -> None:
    """Play twice and print."""
    taboo = Taboo()
    agent = ModelAgent(ScriptedEngine(script), Sampling())
    words = [Word(id=number, target="apple", related=("fruit", "tree", "pie")) for number in range(count)]
    begun = perf_counter()
    await taboo.run(words, agent)
    memory = perf_counter() - begun
    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "run.db")
        episodes = taboo.episodes(words, agent)
        begun = perf_counter()
        for episode in episodes:
            store.enlist(episode.key, episode.instance, taboo.version)
        await Scheduler(store).play(episodes)
        store.close()
        stored = perf_counter() - begun
    turns = 6 * count
    show(
        {
            "benchmark": "overhead",
            "turns": turns,
            "turns_per_second_in_memory": round(turns / memory),
            "turns_per_second_stored": round(turns / stored),
            "ratio": round(stored / memory, 2),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=2000)
    asyncio.run(main(parser.parse_args().episodes))
