"""Does the simulated server behave as a real vLLM does?

Plays `talk` on a real server and on the simulated one, with the token counts that the real one reported. First the prefix
cache: what share of all prompt tokens is found, depth first and breadth first, when the conversations do not all fit the KV
cache (start the server with few blocks: --num-gpu-blocks-override 40). Then time: speed alone and at one width is measured,
the simulated server is set to it, and what it predicts for other widths is compared. Prints JSON and a table.
usage: python benchmarks/simulated_check.py MODEL@URL [--episodes 16] [--turns 5] [--words 90] [--max-tokens 16]
The server must report cached tokens (vLLM: --enable-prompt-tokens-details).
"""

import argparse
from dataclasses import dataclass, field, replace
from itertools import count
from math import ceil
from time import perf_counter
from typing import Any

import numpy as np
from report import show
from scipy.optimize import nnls

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message, Usage
from clemsim.game.view import View
from clemsim.runtime.agent import opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, Topic
from clemsim.testing import run_virtually

ALONE, KNOWN, ASKED = 1, 16, (4, 32)  # widths: to measure at, to set the slowdown by, to predict
CACHED = 4  # the width of the run depth first
_fresh = count(1)


@dataclass
class Costs(Observer):
    """What every turn took, by episode and turn."""

    usages: dict[str, list[Usage]] = field(default_factory=dict)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """One more turn."""
        assert message.usage
        self.usages.setdefault(view[0].content.split(",")[0], []).append(message.usage)

    @property
    def all(self) -> list[Usage]:
        """Of all turns."""
        return [usage for some in self.usages.values() for usage in some]

    @property
    def found(self) -> float:
        """Share of the prompt tokens that was in the cache."""
        return sum(each.tokens_cached for each in self.all) / sum(each.tokens_in for each in self.all)


@dataclass
class Played:
    """One run: costs, seconds, and what it played."""

    costs: Costs
    seconds: float
    topics: list[Topic]
    width: int
    policy: dict[str, bool]


async def real(options: argparse.Namespace, episodes: int, width: int, longest: int | None = None, **policy: bool) -> Played:
    """On the real server, with a cold cache; `longest`: tokens of a reply, if they are to be other than usual."""
    model, _, url = options.spec.partition("@")
    agent = ModelAgent(ChatEngine(model, url, isolated=True), Sampling(max_tokens=longest or options.max_tokens))
    some = [Topic(id=next(_fresh), turns=options.turns, words=options.words) for _ in range(episodes)]
    costs = Costs()
    async with opened([agent]):
        begun = perf_counter()
        await Scheduler(costs, width, None, **policy).play(Talk().episodes(some, agent))
        return Played(costs, perf_counter() - begun, some, width, policy)


def simulated(played: Played, spec: Spec) -> tuple[float, float]:
    """The same on the simulated server: seconds, and the share that was found."""

    def tokens(messages: Any) -> list[Any]:
        topic, turn = messages[0]["content"].split(",")[0], len(messages) // 2
        said: list[Any] = []
        for usage in played.costs.usages[topic][:turn]:
            said += [(topic, len(said) + n) for n in range(usage.tokens_in - len(said))] + ["abc."] * usage.tokens_out
        wanted = played.costs.usages[topic][turn].tokens_in
        return said + [(topic, len(said) + n) for n in range(wanted - len(said))]

    def answer(body: Body) -> str:
        topic, turn = body["messages"][0]["content"].split(",")[0], len(body["messages"]) // 2
        return "abc." * played.costs.usages[topic][turn].tokens_out

    engine = SimulatedEngine(spec, answer, tokens)

    async def main() -> None:
        async with ModelAgent(engine, Sampling()) as agent:
            episodes = Talk().episodes(played.topics, agent)
            await Scheduler(Observer(), played.width, None, **played.policy).play(episodes)

    _, seconds = run_virtually(main())
    return seconds, engine.machine.counters.hits / engine.machine.counters.queries


def alone(some: list[Played]) -> tuple[float, float]:
    """Seconds of a prompt token that is computed, and between two tokens, of requests alone (least squares)."""
    turns = [usage for played in some for usage in played.costs.all]
    columns = np.array([[each.tokens_in - each.tokens_cached, each.tokens_out] for each in turns], dtype=float)
    (prompt, interval), _ = nnls(columns, np.array([each.seconds for each in turns]))
    return max(float(prompt), 1e-6), float(interval)


def slowed(spec: Spec, played: Played) -> Spec:
    """The spec with the slowdown at which the simulated server takes as long (bisection)."""
    low, high = 0.0, 1.0
    for _ in range(14):
        middle = (low + high) / 2
        quicker = simulated(played, replace(spec, slowdown=middle))[0] < played.seconds
        low, high = (middle, high) if quicker else (low, middle)
    return replace(spec, slowdown=low)


def caches(runs: dict[str, Played], spec: Spec) -> dict[str, dict[str, float]]:
    """Shares that were found, real and simulated."""
    return {
        name: {"real": round(run.costs.found, 3), "simulated": round(simulated(run, spec)[1], 3)}
        for name, run in runs.items()
    }


@dataclass
class Seen:
    """What the real server did."""

    kv_tokens: int
    caches: dict[str, Played]
    alone: list[Played]
    others: dict[int, Played]


async def look(options: argparse.Namespace) -> Seen:
    """Play everything on the real server."""
    model, _, url = options.spec.partition("@")
    async with ChatEngine(model, url) as engine:
        load = await engine.load()
    if load is None or not load.kv_tokens:
        raise SystemExit("the server does not tell the size of its KV cache")
    caches = {
        "depth first": await real(options, options.episodes, CACHED),
        "breadth first": await real(options, options.episodes, 1024, admission=False, depth_first=False),
    }
    single = [await real(options, 3, ALONE, longest) for longest in (2, options.max_tokens)]
    others = {width: await real(options, options.episodes, width) for width in (KNOWN, *ASKED)}
    return Seen(load.kv_tokens, caches, single, others)


def main(options: argparse.Namespace) -> None:
    """Both parts."""
    seen, size = run_async(look(options)), options.block_size
    prompt, interval = alone(seen.alone)
    spec = Spec(seats=options.seats, blocks=seen.kv_tokens // size, block_size=size)
    spec = slowed(replace(spec, first_token=interval, prefill=1 / prompt, interval=interval), seen.others[KNOWN])
    times = {
        width: {"real": round(seen.others[width].seconds, 1), "simulated": round(simulated(seen.others[width], spec)[0], 1)}
        for width in ASKED
    }
    ends = [some[-1].tokens_in + some[-1].tokens_out for some in seen.caches["depth first"].costs.usages.values()]
    fitted = {
        "prefill_tokens_per_second": round(spec.prefill),
        "interval_seconds": round(spec.interval, 4),
        "slowdown": round(spec.slowdown, 4),
    }
    show(
        {
            "benchmark": "simulated_check",
            "working_set_of_kv_cache": round(sum(ceil(end / size) for end in ends) / spec.blocks, 2),
            "found_in_cache": caches(seen.caches, spec),
            "fitted": fitted,
            "seconds_by_width": times,
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", metavar="MODEL@URL")
    parser.add_argument("--episodes", type=int, default=16)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--words", type=int, default=90, help="of each ask")
    parser.add_argument("--max-tokens", type=int, default=16)
    parser.add_argument("--block-size", type=int, default=128, help="tokens; 16 on a GPU")
    parser.add_argument("--seats", type=int, default=64, help="the server's --max-num-seqs")
    main(parser.parse_args())
