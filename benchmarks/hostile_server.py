"""What can a server do to those who do not play with it? Random answers, floods, endless headers, gzip bombs over TLS.

First a run of `--answers` episodes, each of which gets one answer. A third are sound replies with any JSON in every field
that a reply does not need and in any framing that HTTP allows; some are withheld by a filter or are tool calls; the rest
are garbage of every kind; one in four episodes asks another server, which is sound. `run_ended`: the error with which an
answer ended the run; `misblamed`: episodes that did not end as their answer deserves.

Then episodes play on a sound server, first alone and then while other episodes are answered without pause with 100 MB, with
a header without end (both plain and over TLS) and with a gzip bomb of 1 GB over TLS. Prints JSON and a table: latencies of
the turns of the sound episodes, and the peak memory of the client.
usage: python benchmarks/hostile_server.py [--answers 1000] [--seconds 10] [--seed 1]
"""

import argparse
import asyncio
import random
import resource
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from hostile_answers import ATTACKS, hostile, random_answer
from report import show

from clemsim import Agent, Arena, Instance, Message, Outcome, Table, View, tagged
from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import ClemsimError
from clemsim.game.instances import EpisodeKey
from clemsim.runtime.agent import opened
from clemsim.runtime.episode import Episode
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import ResultCollector
from clemsim.runtime.scheduler import Scheduler
from clemsim.store import reader
from clemsim.store.writer import RunStore

TURNS = 20  # of an episode in the second part
WIDTH = 16
INFRASTRUCTURE = {"unavailable", "busy", "timeout", "bad request", "unauthorized", "unknown model"}


class Ballot(Instance):
    """How often is voted."""

    turns: int = 1


class Vote(Arena[Ballot]):
    """Votes are asked for; each must be yes."""

    name, version, seats = "vote", 1, ("voter",)

    async def play(self, table: Table, ballot: Ballot, /) -> Outcome:
        """Ask as often as the ballot says."""
        for _ in range(ballot.turns):
            vote = await table.ask("voter", f"Vote {ballot.id}.", parse=tagged("VOTE:"), keep=False)
            if not vote.startswith("yes"):
                return Outcome.failure("no", blame="voter")
        return Outcome.success()


class Latencies(ResultCollector):
    """Keeps how long each turn took."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int = 0) -> None:
        """One more."""
        if message.usage:
            self.seconds.append(message.usage.seconds)


def agent(address: str, name: str, certificate: str = "") -> Agent:
    """Return an agent that asks the server once for each turn."""
    network = NetworkOptions(timeout=60.0, ca_file=certificate or None, proxies=False)
    engine = ChatEngine(
        "tiny", f"{address}/{name}/v1", width=WIDTH, attempts=1, network=network, name=f"{name} {address[:5]}"
    )
    return ModelAgent(engine, Sampling())


async def answers(address: str, seed: int, count: int, folder: Path) -> dict[str, Any]:
    """Play one episode for each random answer, and some on a sound server, in one run."""
    vote, strange, neighbour = Vote(), agent(address, "random"), agent(address, "good")
    numbers = range(count)
    episodes = vote.episodes([Ballot(id=number) for number in numbers], strange)
    episodes += vote.episodes([Ballot(id=number) for number in numbers if number % 3 == 0], neighbour)
    random.Random(seed).shuffle(episodes)
    store, ended = RunStore(folder / "run.db"), ""
    for episode in episodes:
        store.enlist(episode.key, episode.instance, vote.version)
    async with opened([strange, neighbour]):
        scheduler = Scheduler(store, WIDTH)
        first = next(episode for episode in episodes if is_sound(seed, episode, strange))  # a server that can be played with
        try:
            await scheduler.play([first])
            await scheduler.play([episode for episode in episodes if episode is not first])
        except (ClemsimError, OSError) as error:
            ended = f"{type(error).__name__}: {error}"
    store.close()
    found: dict[str, Counter[str]] = {kind: Counter() for kind in ("sound", "withheld", "garbage", "neighbour")}
    misblamed = []
    with reader.reading(folder / "run.db") as base:
        for row in reader.episodes(base):
            number = int(row.key.instance.rpartition("/")[2])
            kind = random_answer(seed, number)[0] if row.key.cast == strange.name else "neighbour"
            end = row.outcome.kind if row.outcome else row.cause or row.status
            found[kind][end] += 1
            if not deserved(kind, end):
                misblamed.append(f"{number} {kind}: {end} {row.detail}")
    return {
        "answers": count,
        "run_ended": ended or None,
        "misblamed": misblamed,
        **{f"ends of {kind}": dict(ends) for kind, ends in found.items()},
    }


def is_sound(seed: int, episode: Episode, strange: Agent) -> bool:
    """Return whether an episode gets a sound reply from the strange server."""
    return episode.key.cast == strange.name and random_answer(seed, int(episode.instance.id))[0] == "sound"


def deserved(kind: str, end: str) -> bool:
    """Return whether an episode ended as its answer deserves."""
    match kind:
        case "withheld":
            return end in ("filtered", "tool call")
        case "garbage":
            return end in INFRASTRUCTURE
    return end == "success"


async def latencies(address: str, seconds: float) -> list[float]:
    """Return the latency of every turn (seconds) of episodes that are played on a sound server for so long."""
    vote, collector, sound_agent, number = Vote(), Latencies(), agent(address, "good"), 0
    begun = monotonic()
    async with opened([sound_agent]):
        while monotonic() - begun < seconds:
            ballots = [Ballot(id=number + index, turns=TURNS) for index in range(2 * WIDTH)]
            await Scheduler(collector, WIDTH).play(vote.episodes(ballots, sound_agent))
            number += len(ballots)
    return collector.seconds


async def attack(hostile_agent: Agent, reasons: Counter[str]) -> None:
    """Play one episode after another on a hostile server."""
    async with opened([hostile_agent]):
        for number in range(10**9):
            result = (await Vote().run([Ballot(id=number)], hostile_agent))[0]
            reason = result.detail.partition("/v1: ")[2] or result.detail or "played"
            reasons[reason.partition(" (vote")[0].partition(", after")[0]] += 1


async def attacked(plain: str, tls: str, certificate: str, seconds: float) -> dict[str, Any]:
    """Measure the turns of sound episodes, alone and while others are attacked."""
    alone = await latencies(plain, seconds)
    before = peak_memory()
    reasons: Counter[str] = Counter()
    agents = [agent(plain, "flood"), agent(plain, "header")]
    agents += [agent(tls, name, certificate) for name in ATTACKS]
    attackers = [asyncio.ensure_future(attack(each, reasons)) for each in agents]
    beside = await latencies(plain, seconds)
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    return {
        "alone": told(alone),
        "attacked": told(beside),
        "ratio_of_medians": round(median(beside) / median(alone), 2),
        "attacks": sum(reasons.values()),
        "ends_of_attacks": dict(reasons),
        "peak_memory_mb": {"before": before, "after": peak_memory()},
    }


def told(seconds: Sequence[float]) -> dict[str, float]:
    """Return latencies in milliseconds."""
    ordered = sorted(1000 * each for each in seconds)
    p99 = ordered[int(0.99 * len(ordered))]
    return {
        "turns": len(ordered),
        "median_ms": round(median(ordered), 1),
        "p99_ms": round(p99, 1),
        "max_ms": round(ordered[-1], 1),
    }


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def main(options: argparse.Namespace, addresses: tuple[str, str, str], folder: Path) -> None:
    """Do both parts and print."""
    found = await answers(addresses[0], options.seed, options.answers, folder) if options.answers else {}
    if options.seconds:
        found |= await attacked(*addresses, options.seconds)
    show({"benchmark": "hostile_server", **found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with TemporaryDirectory() as name, hostile(chosen.seed, Path(name)) as server:
        run_async(main(chosen, server, Path(name)))
