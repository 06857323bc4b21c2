"""What is vLLM inside this process good for, against a vLLM server on the same machine?

Plays `talk` on `vllm-engine:MODEL` and on `vllm:MODEL`, one after the other, with the same flags, as a game builder
would. Prints JSON and a table: seconds to start, turns per second, CPU milliseconds of this process per turn, and how late
its event loop was (p99); of several rounds the best.
usage: CLEMSIM_VLLM=... python benchmarks/inprocess.py 'MODEL?flag=value' [--episodes 120] [--max-tokens 8] [--width 64]
"""

import argparse
import asyncio
from itertools import count
from time import perf_counter, process_time
from typing import Any

from report import show

from clemsim._util.loop_monitor import Monitor
from clemsim.cli.common import run_async
from clemsim.engines.base import Engine, Sampling
from clemsim.engines.vllm_inprocess import VllmInProcessEngine
from clemsim.engines.vllm_server import ServerPool, VllmServerEngine
from clemsim.runtime.agent import opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, Topic

TURNS, WORDS = 4, 60
_fresh = count(1)


async def play(options: argparse.Namespace, agent: ModelAgent) -> dict[str, Any]:
    """Play one round; no topic comes twice."""
    topics = [Topic(id=next(_fresh), turns=TURNS, words=WORDS) for _ in range(options.episodes)]
    scheduler, monitor = Scheduler(Observer(), options.width), Monitor()
    watching = asyncio.create_task(monitor.watch())
    begun, cpu = perf_counter(), process_time()
    await scheduler.play(Talk().episodes(topics, agent))
    seconds, spent = perf_counter() - begun, process_time() - cpu
    watching.cancel()
    turns = options.episodes * TURNS
    return {
        "turns_per_second": round(turns / seconds, 1),
        "cpu_ms_per_turn": round(1000 * spent / turns, 2),
        "loop_lag_ms_p99": round(1000 * monitor.lag(), 1),
        "unfinished": scheduler.progress.unfinished,
    }


async def measure(options: argparse.Namespace, engine: Engine) -> dict[str, Any]:
    """Start, play a round to warm up, and return the best of the others."""
    agent = ModelAgent(engine, Sampling(max_tokens=options.max_tokens))
    begun = perf_counter()
    async with opened([agent]):
        started = perf_counter() - begun
        await play(options, agent)
        rounds = [await play(options, agent) for _ in range(options.rounds)]
        return {"seconds_to_start": round(started, 1), **max(rounds, key=lambda figures: float(figures["turns_per_second"]))}


async def main(options: argparse.Namespace) -> None:
    """Measure both engines."""
    server = await measure(options, VllmServerEngine(options.spec, ServerPool()))
    within = await measure(options, VllmInProcessEngine(options.spec))
    ratio = within["turns_per_second"] / server["turns_per_second"]
    setup = {"benchmark": "inprocess", "max_tokens": options.max_tokens, "width": options.width}
    show({**setup, "server": server, "in_process": within, "ratio": round(ratio, 2)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", metavar="MODEL?flag=value")
    parser.add_argument("--episodes", type=int, default=120)
    parser.add_argument("--max-tokens", type=int, default=8)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    run_async(main(parser.parse_args()))
