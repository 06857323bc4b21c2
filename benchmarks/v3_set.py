"""How long does the whole set of clembench v3.0 take, against the ideal, and beside clemcore on a slice of it?

The suite `clembench-v3` is played with the replies of the baselines, known beforehand, which come after a fixed delay,
at a fixed width: on a virtual clock (`scheduling`), and over HTTP (`whole`), from a server in a process of its own.
`ideal` is the work over the width, or the longest episode if that is longer; `tail` the time at the end in which fewer
requests than the width are in flight, `alone` that in which one episode is left; `last` the episodes that end last. With
`--runs` the whole set is played several times: `ratios` of all of them, and the figures of the median one.

With `--clem` and `--clembench`, clemcore plays some instances of each game of that checkout, one request at a time as it
does, and clemsim the same ones, at the same server with the same replies: those of the run `--replies`, such as one that
was imported from a model's results, which the server knows by the conversation. Other conversations, and those of games
that tell what they tell in an order of chance, get a reply that keeps the game going (`others`). Prints JSON and a table.
usage: python benchmarks/v3_set.py [--delay 0.1] [--width 64] [--runs 5]
    [--clem E/bin/clem --clembench CHECKOUT --replies RUN [--each 10] [--games adventuregame taboo ...]]
clemcore's games need packages that it does not bring: lark, jinja2, networkx, sympy and nltk beside it, and NLTK_DATA
with its stop words.
"""

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from chat_server import ChatServer, Script, chat_server, conversation
from clemcore_run import VERSION, lay_out_games, name_model, run_clem
from clemsim_agents.scripted import make_baseline
from report import show

from clemsim.arena import find_arena
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.suites import load_suite
from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.game.events import Asked, Replied
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.interop.clembench.checkout import import_checkout
from clemsim.interop.clembench.port import ports
from clemsim.runtime.agent import Agent, opened
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.testing import run_virtually

SUITE = "clembench-v3"
NOWHERE = "http://127.0.0.1:9"
LAST = 5  # episodes that are named
REPLIES = {  # that keep games going
    "PROPOSAL: {": "STRATEGIC REASONING: {'it is light'}\nARGUMENT: {'it is light'}",
    "\n> ": "> go hallway",
    "": "yes",
}


Known = dict[tuple[str, int], str]  # replies by episode and turn


class Listening(Agent):
    """A baseline, and what it said."""

    name = "baseline"

    def __init__(self) -> None:
        self.baseline = make_baseline("", AgentOptions())
        self.said: Known = {}

    def check(self, arena: str, seats: Sequence[str]) -> None:
        """Let the baseline see which games there are."""
        self.baseline.check(arena, seats)

    async def reply(self, view: View) -> Message:
        """Say what the baseline says."""
        message = await self.baseline.reply(view)
        self.said[view.key.label, view.turn] = message.content
        return message


class Rehearsing(ModelAgent):
    """Says what is known, and notes in which conversation a server has to say it."""

    def __init__(self, known: Known) -> None:
        super().__init__(ChatEngine("fake", NOWHERE), Sampling())
        self.known = known
        self.lines: dict[str, str] = {}

    async def reply(self, view: View) -> Message:
        """Say nothing where nothing is known."""
        said = self.known.get((view.key.label, view.turn))
        if said is not None:
            self.lines[conversation(self._request(view).messages)] = said
        return Message(view.seat, said or "")


class Sleeping(Agent):
    """Says what is known after a while."""

    name = "sleeping"

    def __init__(self, known: Known, delay: float) -> None:
        self.known, self.delay, self.turns = known, delay, 0

    async def reply(self, view: View) -> Message:
        """Sleep first."""
        self.turns += 1
        await asyncio.sleep(self.delay)
        return Message(view.seat, self.known[view.key.label, view.turn])


class Remote(ModelAgent):
    """A model's seat whose replies are known, once the server has answered."""

    def __init__(self, url: str, known: Known) -> None:
        super().__init__(ChatEngine("fake", url), Sampling())
        self.known = known

    async def reply(self, view: View) -> Message:
        """Ask the server, and say what is known."""
        sent = await super().reply(view)
        return Message(sent.author, self.known[view.key.label, view.turn], usage=sent.usage)


@dataclass
class Ends(Observer):
    """When each episode ended, and how many turns it took one after another."""

    ended: dict[str, float] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    def finished(self, result: Result) -> None:
        """Note it."""
        events = result.transcript.events
        asks = [isinstance(event, Asked) for event in events]
        self.depths[result.key.label] = sum(now and not before for before, now in pairwise([False, *asks]))
        self.ended[result.key.label] = perf_counter()
        self.kinds[result.outcome.kind if result.outcome else "unfinished"] += 1


def episodes_of(suite_: str, agent: Agent, games: Sequence[str] = ()) -> list[Episode]:
    """The episodes of a suite, or of some games of it."""
    suite = load_suite(suite_)
    found: list[Episode] = []
    for name in suite.arenas:
        if not games or name in games:
            game = suite.game(find_arena(name))
            found += game.episodes(suite.instances(game), agent)
    return found


def listen() -> tuple[Known, Ends]:
    """What the baselines say, and how their episodes end."""
    agent, ends = Listening(), Ends()

    async def play() -> None:
        await Scheduler(ends).play(episodes_of(SUITE, agent))

    run_virtually(play())
    return agent.said, ends


def lines_of(suite: Path, game: str, known: Known) -> dict[str, str]:
    """What a server has to say for known replies to come out, by conversation; nothing where that hangs on chance."""
    agent = Rehearsing({} if ports()[game].unordered else known)

    async def play() -> None:
        await Scheduler(Observer()).play(episodes_of(str(suite), agent, [game]))

    run_virtually(play())
    return agent.lines


def recorded(run: Path) -> Known:
    """The replies of a run."""
    with reader.reading(run / STORE) as base:
        events = ((row.key.label, event) for row in reader.episodes(base) for event in reader.events(base, row.id))
        return {(label, event.turn): event.content for label, event in events if isinstance(event, Replied)}


def scheduling(known: Known, ends: Ends, delay: float, width: int) -> dict[str, float]:
    """On a virtual clock."""
    agent = Sleeping(known, delay)

    async def play() -> None:
        await Scheduler(Observer(), width).play(episodes_of(SUITE, agent))

    _, seconds = run_virtually(play())
    return against_ideal(agent.turns, ends, delay, width, seconds)


def against_ideal(turns: int, ends: Ends, delay: float, width: int, seconds: float) -> dict[str, float]:
    """Seconds, the ideal, and their ratio."""
    longest = max(ends.depths.values()) * delay
    ideal = max(turns * delay / width, longest)
    found = {"seconds": seconds, "ideal": ideal, "ratio": seconds / ideal, "longest_episode": longest}
    return {name: round(value, 3) for name, value in found.items()}


async def whole(server: ChatServer, delay: float, known: Known, width: int) -> dict[str, Any]:
    """Over HTTP."""
    agent, ends = Remote(server.url, known), Ends()
    episodes = episodes_of(SUITE, agent)
    async with opened([agent]):
        begun = process_time()
        await Scheduler(ends, width).play(episodes)
        spent = process_time() - begun
    served = server.take()
    last = sorted(ends.ended, key=ends.ended.__getitem__)[-LAST:]
    return {
        "episodes": len(episodes),
        "requests": served.requests,
        **ends.kinds,
        **against_ideal(served.requests, ends, delay, width, served.seconds),
        "tail": round(served.tail(width), 2),
        "alone": round(ends.ended[last[-1]] - ends.ended[last[-2]], 2),
        "busy": round(served.busy(width), 3),
        "cpu_microseconds_per_request": round(1e6 * spent / served.requests),
        "last": [f"{one}: {ends.depths[one]} turns, {served.finish - ends.ended[one]:.2f} s before" for one in last],
    }


def repeated(known: Known, options: argparse.Namespace) -> dict[str, Any]:
    """Several times; what was found in the median one."""
    with chat_server(options.delay) as server:
        found = [run_async(whole(server, options.delay, known, options.width)) for _ in range(options.runs)]
    found.sort(key=lambda each: float(each["ratio"]))
    return {"ratios": [each["ratio"] for each in found], **found[len(found) // 2]}


def slice_(options: argparse.Namespace) -> dict[str, Any]:
    """Some instances of some games, by both."""
    with TemporaryDirectory() as name:
        folder, suite = Path(name), Path(name) / "suite"
        games = options.games or load_suite(SUITE).arenas
        stems = lay_out_games(options.clembench, folder, games, options.each)
        import_checkout(folder, VERSION, suite)
        known = recorded(options.replies)
        found: dict[str, Any] = {}
        for game in games:
            lines = lines_of(suite, game, known)
            found[game] = run_async(beside(options, folder, suite, game, stems[game], lines))
            print(game, found[game], file=sys.stderr, flush=True)
    sums = {key: round(sum(each[key] for each in found.values()), 2) for key in ("clemsim", "clemcore")}
    return {**found, "all": {**sums, "ratio": round(sums["clemcore"] / sums["clemsim"], 1)}}


async def beside(
    options: argparse.Namespace, folder: Path, suite: Path, game: str, stem: str, lines: dict[str, str]
) -> dict[str, Any]:
    """One game, by both."""
    with chat_server(options.delay, Script(REPLIES, lines)) as server:
        agent = ModelAgent(ChatEngine("fake", server.url), Sampling())
        name_model(folder, server.url)
        episodes = episodes_of(str(suite), agent, [game])
        async with opened([agent]):
            await Scheduler(Observer(), options.width).play(episodes)
        own = server.take()
        await run_clem(options.clem, folder, "-g", game, "-m", "fake-openai_compatible", "-i", stem, "-r", "results")
        theirs = server.take()
    return {
        "episodes": len(episodes),
        "requests": own.requests,
        "others": own.unknown,
        "clemsim": round(own.seconds, 2),
        "clemcore_requests": theirs.requests,
        "clemcore_others": theirs.unknown,
        "clemcore": round(theirs.seconds, 2),
        "ratio": round(theirs.seconds / own.seconds, 1),
    }


def main(options: argparse.Namespace) -> None:
    """All parts."""
    found: dict[str, Any] = {"benchmark": "v3_set", "delay": options.delay, "width": options.width}
    if options.runs:
        known, ends = listen()
        found["scheduling"] = scheduling(known, ends, options.delay, options.width)
        found["whole"] = repeated(known, options)
    if options.clem:
        found["slice"] = slice_(options)
    show(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.1, help="seconds a reply takes")
    parser.add_argument("--width", type=int, default=64, help="turns in flight")
    parser.add_argument("--runs", type=int, default=1, help="of the whole set; 0: the slice alone")
    parser.add_argument("--clem", type=os.path.abspath, help="clemcore's command")
    parser.add_argument("--clembench", type=Path, help="a checkout of clembench v3.0")
    parser.add_argument("--replies", type=Path, help="a run whose replies the slice gets")
    parser.add_argument("--each", type=int, default=10, help="instances of each game of the slice")
    parser.add_argument("--games", nargs="+", help="of the slice; all unless given")
    main(parser.parse_args())
