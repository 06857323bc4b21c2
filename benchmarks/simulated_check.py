"""Does the simulated server behave as a real vLLM does?

Plays `talk` on a real server and on the simulated one, with the token counts that the real one reported. First the prefix
cache: the share of all prompt tokens that it contains, depth first and breadth first, when the conversations do not all fit
the KV cache (start the server with few blocks: --num-gpu-blocks-override 40). Then time: the speed of requests alone and at
one width is measured, the simulated server is set to it, and its predictions for other widths are compared with the
measured times. Prints JSON and a table.
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

ALONE, FITTED, PREDICTED = 1, 16, (4, 32)  # widths: to measure the speed, to fit the slowdown, to predict
DEPTH_FIRST = 4  # the width of the run depth first
_fresh = count(1)


@dataclass
class Costs(Observer):
    """The usage of every turn, by topic."""

    usages: dict[str, list[Usage]] = field(default_factory=dict)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Keep the usage of a turn."""
        assert message.usage
        self.usages.setdefault(view[0].content.split(",")[0], []).append(message.usage)

    @property
    def all(self) -> list[Usage]:
        """The usage of all turns."""
        return [usage for turns in self.usages.values() for usage in turns]

    @property
    def cached_share(self) -> float:
        """Share of the prompt tokens that the cache contained."""
        return sum(usage.tokens_cached for usage in self.all) / sum(usage.tokens_in for usage in self.all)


@dataclass
class Played:
    """One run on the real server."""

    costs: Costs
    seconds: float
    topics: list[Topic]
    width: int
    policy: dict[str, bool]


async def play(
    options: argparse.Namespace, episodes: int, width: int, max_tokens: int | None = None, **policy: bool
) -> Played:
    """Play on the real server with a cold cache; `max_tokens`: of a reply, if not as the options say."""
    model, _, url = options.spec.partition("@")
    agent = ModelAgent(ChatEngine(model, url, isolated=True), Sampling(max_tokens=max_tokens or options.max_tokens))
    topics = [Topic(id=next(_fresh), turns=options.turns, words=options.words) for _ in range(episodes)]
    costs = Costs()
    async with opened([agent]):
        begun = perf_counter()
        await Scheduler(costs, width, None, **policy).play(Talk().episodes(topics, agent))
        return Played(costs, perf_counter() - begun, topics, width, policy)


def simulate(played: Played, spec: Spec) -> tuple[float, float]:
    """Play the same on the simulated server; return seconds, and the share of prompt tokens that the cache contained."""

    def prompt(messages: Any) -> list[Any]:
        topic, turn = messages[0]["content"].split(",")[0], len(messages) // 2
        tokens: list[Any] = []
        for usage in played.costs.usages[topic][:turn]:
            tokens += [(topic, len(tokens) + n) for n in range(usage.tokens_in - len(tokens))]
            tokens += ["abc."] * usage.tokens_out
        size = played.costs.usages[topic][turn].tokens_in
        return tokens + [(topic, len(tokens) + n) for n in range(size - len(tokens))]

    def answer(body: Body) -> str:
        topic, turn = body["messages"][0]["content"].split(",")[0], len(body["messages"]) // 2
        return "abc." * played.costs.usages[topic][turn].tokens_out

    engine = SimulatedEngine(spec, answer, prompt)

    async def main() -> None:
        async with ModelAgent(engine, Sampling()) as agent:
            episodes = Talk().episodes(played.topics, agent)
            await Scheduler(Observer(), played.width, None, **played.policy).play(episodes)

    _, seconds = run_virtually(main())
    return seconds, engine.machine.counters.hits / engine.machine.counters.queries


def fit_alone(runs: list[Played]) -> tuple[float, float]:
    """Return the seconds per computed prompt token and per generated token of requests alone (least squares)."""
    turns = [usage for run in runs for usage in run.costs.all]
    columns = np.array([[usage.tokens_in - usage.tokens_cached, usage.tokens_out] for usage in turns], dtype=float)
    (prompt, interval), _ = nnls(columns, np.array([usage.seconds for usage in turns]))
    return max(float(prompt), 1e-6), float(interval)


def fit_slowdown(spec: Spec, played: Played) -> Spec:
    """Return the spec with the slowdown at which the simulated server takes as long as the real one (bisection)."""
    low, high = 0.0, 1.0
    for _ in range(14):
        middle = (low + high) / 2
        quicker = simulate(played, replace(spec, slowdown=middle))[0] < played.seconds
        low, high = (middle, high) if quicker else (low, middle)
    return replace(spec, slowdown=low)


def compare_caches(runs: dict[str, Played], spec: Spec) -> dict[str, dict[str, float]]:
    """Return the shares of prompt tokens that the caches contained, real and simulated."""
    return {
        name: {"real": round(run.costs.cached_share, 3), "simulated": round(simulate(run, spec)[1], 3)}
        for name, run in runs.items()
    }


@dataclass
class Measured:
    """All runs on the real server."""

    kv_tokens: int
    caches: dict[str, Played]
    alone: list[Played]
    others: dict[int, Played]


async def measure(options: argparse.Namespace) -> Measured:
    """Play all runs on the real server."""
    model, _, url = options.spec.partition("@")
    async with ChatEngine(model, url) as engine:
        load = await engine.load()
    if load is None or not load.kv_tokens:
        raise SystemExit("the server does not report the size of its KV cache")
    caches = {
        "depth first": await play(options, options.episodes, DEPTH_FIRST),
        "breadth first": await play(options, options.episodes, 1024, admission=False, depth_first=False),
    }
    single = [await play(options, 3, ALONE, max_tokens) for max_tokens in (2, options.max_tokens)]
    others = {width: await play(options, options.episodes, width) for width in (FITTED, *PREDICTED)}
    return Measured(load.kv_tokens, caches, single, others)


def main(options: argparse.Namespace) -> None:
    """Measure, fit and compare."""
    measured, size = run_async(measure(options)), options.block_size
    prompt, interval = fit_alone(measured.alone)
    spec = Spec(seats=options.seats, blocks=measured.kv_tokens // size, block_size=size)
    spec = replace(spec, first_token=interval, prefill=1 / prompt, interval=interval)
    spec = fit_slowdown(spec, measured.others[FITTED])
    runs = {width: measured.others[width] for width in PREDICTED}
    times = {
        width: {"real": round(run.seconds, 1), "simulated": round(simulate(run, spec)[0], 1)} for width, run in runs.items()
    }
    ends = [turns[-1].tokens_in + turns[-1].tokens_out for turns in measured.caches["depth first"].costs.usages.values()]
    fitted = {
        "prefill_tokens_per_second": round(spec.prefill),
        "interval_seconds": round(spec.interval, 4),
        "slowdown": round(spec.slowdown, 4),
    }
    show(
        {
            "benchmark": "simulated_check",
            "working_set_of_kv_cache": round(sum(ceil(end / size) for end in ends) / spec.blocks, 2),
            "found_in_cache": compare_caches(measured.caches, spec),
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
