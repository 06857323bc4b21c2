"""How long does a run take, against the ideal, on a server of limited capacity?

`talk` (six turns an episode, as many as taboo has) on the simulated server with 64 seats, found out by `--width auto`, on
a virtual clock: what is measured is the scheduling alone. Replies last the same (constant) or are lognormal with sigma 1.
`ideal` is the work over the seats, or the longest episode if that is longer: only who knows beforehand how long each
reply takes could reach it. `blind` is what the same turns would take in the same order if none had to wait for the one
before it in its episode, given to the next free seat: nobody who does not know the lengths can do better by much. Prints
JSON and a table.
usage: python benchmarks/makespan.py [--episodes 60 1000 10000] [--samples 3] [--turns 6]
"""

import argparse
import heapq
import math
from collections.abc import Callable
from random import Random
from statistics import mean, median

from report import show

from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, topics
from clemsim.testing import run_virtually

SPEC = Spec(seats=64, first_token=0.02, interval=0.02, prefill=1e9, blocks=10**6, context=10**6)
MEDIAN, LONGEST = 40, 4000  # tokens


class Counting(SimulatedEngine):
    """Knows how long each turn takes alone, in the order in which they were asked."""

    def __init__(self, answer: Callable[[Body], str]) -> None:
        super().__init__(SPEC, answer)
        self.turns: list[float] = []
        self.episodes: dict[str, float] = {}

    async def complete(self, request: Request) -> Completion:
        """As ever."""
        number = len(self.turns)
        self.turns.append(0.0)
        completion = await super().complete(request)
        seconds = SPEC.first_token + (completion.usage.tokens_out - 1) * SPEC.interval
        self.turns[number] = seconds
        self.episodes[request.episode] = self.episodes.get(request.episode, 0.0) + seconds
        return completion


def replies(sigma: float, sample: int) -> Callable[[Body], str]:
    """Replies of a length drawn by the seed of the turn."""

    def reply(body: Body) -> str:
        drawn = Random(f"{body['seed']} {sample}").lognormvariate(math.log(MEDIAN), sigma)
        return "abc." * max(1, min(LONGEST, round(drawn)))

    return reply


def blind(turns: list[float]) -> float:
    """Seconds until all are done, when each is given to the next free seat."""
    seats = [0.0] * SPEC.seats
    for seconds in turns:
        heapq.heapreplace(seats, seats[0] + seconds)
    return max(seats)


def ratios(episodes: int, turns: int, sigma: float, sample: int) -> tuple[float, float]:
    """Makespan over the ideal: clemsim's and the blind one's."""
    engine = Counting(replies(sigma, sample))

    async def main() -> None:
        async with ModelAgent(engine, Sampling(max_tokens=LONGEST)) as agent:
            await Scheduler(Observer()).play(Talk().episodes(topics(episodes, lambda number: turns), agent))

    _, seconds = run_virtually(main())
    ideal = max(sum(engine.turns) / SPEC.seats, *engine.episodes.values())
    return seconds / ideal, blind(engine.turns) / ideal


def lognormal(episodes: int, turns: int, samples: int) -> dict[str, dict[str, float]]:
    """Over all samples."""
    drawn = [ratios(episodes, turns, 1.0, sample) for sample in range(samples)]
    columns = {"clemsim": [each[0] for each in drawn], "blind": [each[1] for each in drawn]}
    return {
        name: {"median": round(median(some), 3), "mean": round(mean(some), 3), "worst": round(max(some), 3)}
        for name, some in columns.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, nargs="+", default=[60, 1000, 10000])
    parser.add_argument("--samples", type=int, default=3, help="of lognormal latencies")
    parser.add_argument("--turns", type=int, default=6, help="of an episode")
    options = parser.parse_args()
    found = {
        size: {
            "constant": round(ratios(size, options.turns, 0.0, 0)[0], 3),
            "lognormal": lognormal(size, options.turns, options.samples),
        }
        for size in options.episodes
    }
    show({"benchmark": "makespan", "seats": SPEC.seats, "turns": options.turns, "ratio_to_ideal": found})
