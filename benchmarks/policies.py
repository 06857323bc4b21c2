"""What are the scheduler's policies worth when conversations do not all fit the server's KV cache?

`talk` with 8 turns of about 230 tokens on simulated servers with a block-LRU prefix cache, on a virtual clock. The
conversations are at their end together twice as large as the cache. One server: admission and depth first (adaptive and
fixed width) against all at once, breadth first. Four replicas: affinity against round-robin. Prints JSON and a table:
throughput as a ratio to the worst of each kind, and the share of prompt tokens that was found in the cache.
usage: python benchmarks/policies.py [--episodes 256]
"""

import argparse
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from report import show

from clemsim.engines.base import Engine, Sampling
from clemsim.engines.replicas import ReplicatedEngine
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, topics
from clemsim.testing import run_virtually

TURNS, WORDS, SIZE = 8, 150, 8 * 230  # of an episode; tokens at its end
BLOCK = 16
UNLIMITED = 100_000


def reply(body: Body) -> str:
    """20 to 60 tokens."""
    return "abc." * Random(body["seed"]).randint(20, 60)


def servers(count: int, episodes: int) -> list[SimulatedEngine]:
    """Replicas whose caches together hold half of all conversations."""
    blocks = episodes * SIZE // 2 // BLOCK // count
    spec = Spec(seats=64 // count, first_token=0.01, interval=0.01, prefill=20_000, blocks=blocks, block_size=BLOCK)
    return [SimulatedEngine(spec, reply) for _ in range(count)]


def play(
    engine: Engine, machines: Sequence[SimulatedEngine], episodes: int, width: int | None, policy: Mapping[str, bool]
) -> dict[str, Any]:
    """Requests per (virtual) second, and what was found in the cache."""

    async def main() -> None:
        async with ModelAgent(engine, Sampling()) as agent:
            instances = topics(episodes, lambda number: TURNS, WORDS)
            await Scheduler(Observer(), width, None, **policy).play(Talk().episodes(instances, agent))

    _, seconds = run_virtually(main())
    counters = [each.machine.counters for each in machines]
    found = sum(each.hits for each in counters) / sum(each.queries for each in counters)
    return {"requests_per_second": round(episodes * TURNS / seconds, 1), "found": round(found, 3)}


def one(episodes: int, width: int | None, **policy: bool) -> dict[str, Any]:
    """On one server."""
    (engine,) = servers(1, episodes)
    return play(engine, [engine], episodes, width, policy)


def four(episodes: int, affinity: bool) -> dict[str, Any]:
    """On four replicas."""
    some = servers(4, episodes)
    engine = ReplicatedEngine({f"replica {number}": each for number, each in enumerate(some)}, affinity=affinity)
    return play(engine, some, episodes, None, {})


def compared(found: dict[str, dict[str, Any]], worst: str) -> dict[str, dict[str, Any]]:
    """With the ratio to the worst."""
    base = found[worst]["requests_per_second"]
    return {name: {**each, "ratio": round(each["requests_per_second"] / base, 2)} for name, each in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=256)
    size = parser.parse_args().episodes
    single = {
        "adaptive, admission, depth first": one(size, None),
        "width 64, admission, depth first": one(size, 64),
        "width 64, no admission, depth first": one(size, 64, admission=False),
        "width 64, no admission, breadth first": one(size, 64, admission=False, depth_first=False),
        "unlimited, breadth first": one(size, UNLIMITED, admission=False, depth_first=False),
    }
    replicas = {"affinity": four(size, True), "round-robin": four(size, False)}
    show(
        {
            "benchmark": "policies",
            "one_server": compared(single, "unlimited, breadth first"),
            "four_replicas": compared(replicas, "round-robin"),
        }
    )
