"""Are micro-batches worth it on a real vLLM server?

Plays `talk`, a game of short replies, against the server: every turn a request of its own, and up to N turns in one
request, in turn and several times, always at the same width. Batches spare the server's front end work, so they can win only
where that is the limit: with a tiny model. Prints JSON and a table: turns per second, and the ratio of the medians.
usage: python benchmarks/batches.py MODEL@URL [--sizes 4 8 16] [--episodes 120] [--width 64] [--max-tokens 8] [--rounds 3]
"""

import argparse
from itertools import count
from statistics import median
from time import perf_counter

from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.runtime.agent import opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, Topic

TURNS, WORDS = 4, 60
_fresh = count(1)


async def play(options: argparse.Namespace, batch: int) -> float:
    """Play and return the turns per second; no topic comes twice."""
    model, _, url = options.spec.partition("@")
    agent = ModelAgent(ChatEngine(model, url, isolated=True, batch=batch), Sampling(max_tokens=options.max_tokens))
    topics = [Topic(id=next(_fresh), turns=TURNS, words=WORDS) for _ in range(options.episodes)]
    async with opened([agent]):
        scheduler = Scheduler(Observer(), options.width)
        begun = perf_counter()
        await scheduler.play(Talk().episodes(topics, agent))
        seconds = perf_counter() - begun
    assert scheduler.progress.unfinished == 0
    return float(options.episodes * TURNS / seconds)


async def main(options: argparse.Namespace) -> None:
    """Measure all sizes in turn, round by round; the first round warms up."""
    sizes = [1, *options.sizes]
    rounds = [{size: await play(options, size) for size in sizes} for _ in range(options.rounds + 1)][1:]
    rates = {size: median(rates[size] for rates in rounds) for size in sizes}
    figures = {
        size: {"turns_per_second": round(rate, 1), "ratio": round(rate / rates[1], 2)} for size, rate in rates.items()
    }
    setup = {"model": options.spec.partition("@")[0], "width": options.width, "max_tokens": options.max_tokens}
    show({"benchmark": "batches", **setup, "batch_size": figures})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", metavar="MODEL@URL")
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--episodes", type=int, default=120)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--max-tokens", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    run_async(main(parser.parse_args()))
