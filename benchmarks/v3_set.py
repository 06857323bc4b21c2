"""How long does the whole set of clembench v3.0 take, against the ideal, and beside clemcore on a slice of it?

The suite `clembench-v3` is played with the replies of the baselines, known beforehand, which come after a fixed delay,
at a fixed width: on a virtual clock (`scheduling`), and over HTTP (`whole`). `ideal` is the work over the width, or the
longest episode if that is longer; `tail` the time at the end in which fewer requests than the width are in flight;
`last` the episodes that end last. With `--clem` and `--clembench`, clemcore plays some instances of each of some games
of that checkout, one request at a time as it does, and clemsim the same ones, with the same replies of the same server:
those of `REPLIES`, which keep the games going. Prints JSON and a table.
usage: python benchmarks/v3_set.py [--delay 0.1] [--width 64]
    [--clem E/bin/clem --clembench CHECKOUT [--each 10] [--games adventuregame taboo wordle]]
clemcore's games need packages that it does not bring: lark, jinja2 and nltk beside it, and NLTK_DATA with its stop words.
"""

import argparse
import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from aiohttp import web
from clemsim_agents.scripted import make_baseline
from report import show

from clemsim.arena import find_arena
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.suites import load_suite
from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.game.events import Asked
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.interop.clembench.checkout import import_checkout
from clemsim.runtime.agent import Agent, opened
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import run_virtually

SUITE = "clembench-v3"
LAST = 5  # episodes that are named
REPLIES = {
    "> ": "> go hallway",
    "guess:": "explanation: it fits\nguess: crane",
    "CLUE:": "CLUE: something",
    "GUESS:": "GUESS: nothing",
}


@dataclass
class Server:
    """Answers every chat completion after a while, and knows how many were in flight when."""

    delay: float
    requests: int = 0
    in_flight: int = 0
    samples: list[tuple[float, int]] = field(default_factory=list)  # when, and how many from then on

    def reset(self) -> None:
        """Nothing was asked yet."""
        self.requests, self.in_flight, self.samples = 0, 0, []

    def count(self, change: int) -> None:
        """A request begins or ends."""
        self.in_flight += change
        self.samples.append((perf_counter(), self.in_flight))

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return self.samples[-1][0] - self.samples[0][0]

    def tail(self, width: int) -> float:
        """Seconds at the end without `width` requests in flight."""
        full = [ends for (_, number), (ends, _) in pairwise(self.samples) if number >= width]
        return self.samples[-1][0] - (full[-1] if full else self.samples[0][0])

    def busy(self, width: int) -> float:
        """The share of the width that was used."""
        work = sum(number * (ends - begins) for (begins, number), (ends, _) in pairwise(self.samples))
        return work / (width * self.seconds)

    async def complete(self, request: web.Request) -> web.Response:
        """Answer with a reply that may keep the game going."""
        self.requests += 1
        self.count(1)
        first = (await request.json())["messages"][0]["content"]
        await asyncio.sleep(self.delay)
        text = next((reply for mark, reply in REPLIES.items() if mark in str(first)), "yes")
        self.count(-1)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        about = {"id": "x", "object": "chat.completion", "created": 0, "model": "fake"}
        return web.json_response({**about, "choices": [choice], "usage": usage})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.complete)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()


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


def known_replies() -> tuple[Known, Ends]:
    """What the baselines say in each turn, and how their episodes end."""
    agent, ends = Listening(), Ends()

    async def play() -> None:
        await Scheduler(ends).play(episodes_of(SUITE, agent))

    run_virtually(play())
    return agent.said, ends


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


async def whole(server: Server, url: str, known: Known, width: int) -> dict[str, Any]:
    """Over HTTP."""
    agent, ends = Remote(url, known), Ends()
    episodes = episodes_of(SUITE, agent)
    server.reset()
    async with opened([agent]):
        await Scheduler(ends, width).play(episodes)
    finish = server.samples[-1][0]
    last = sorted(ends.ended, key=ends.ended.__getitem__)[-LAST:]
    return {
        "episodes": len(episodes),
        "requests": server.requests,
        **ends.kinds,
        **against_ideal(server.requests, ends, server.delay, width, server.seconds),
        "tail": round(server.tail(width), 2),
        "busy": round(server.busy(width), 3),
        "last": [f"{label}: {ends.depths[label]} turns, {finish - ends.ended[label]:.2f} s before" for label in last],
    }


def lay_out(checkout: Path, folder: Path, url: str, games: Sequence[str], each: int) -> None:
    """Copy games of a checkout with `each` instances of each, and what clemcore needs besides."""
    for game in games:
        shutil.copytree(checkout / game, folder / game)
        for path in (folder / game / "in").glob("instances*.json"):
            data, left = json.loads(path.read_text(encoding="utf-8")), each
            for experiment in data["experiments"]:
                experiment["game_instances"] = experiment["game_instances"][
                    : min(left, -(-each // len(data["experiments"])))
                ]
                left -= len(experiment["game_instances"])
            data["experiments"] = [one for one in data["experiments"] if one["game_instances"]]
            path.write_text(json.dumps(data), encoding="utf-8")
    models = [{"model_name": "fake", "model_id": "fake", "backend": "openai_compatible"}]
    (folder / "model_registry.json").write_text(json.dumps(models))
    (folder / "key.json").write_text(json.dumps({"openai_compatible": {"api_key": "none", "base_url": url}}))


async def clemcore(clem: str, folder: Path, game: str) -> None:
    """One run of clemcore. Raises RuntimeError when it fails."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = await asyncio.create_subprocess_exec(
        *(clem, "run", "-g", game, "-m", "fake", "-r", "results"),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode()[-2000:])


async def slice_(server: Server, url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Some instances of some games, by both."""
    found: dict[str, Any] = {}
    with TemporaryDirectory() as name:
        folder, suite = Path(name), Path(name) / "suite"
        lay_out(options.clembench, folder, url, options.games, options.each)
        import_checkout(folder, "v3.0", suite)
        for game in options.games:
            agent = ModelAgent(ChatEngine("fake", url), Sampling())
            server.reset()
            async with opened([agent]):
                await Scheduler(Observer(), options.width).play(episodes_of(str(suite), agent, [game]))
            own, requests = server.seconds, server.requests
            server.reset()
            await clemcore(options.clem, folder, game)
            found[game] = {
                "requests": requests,
                "clemsim": round(own, 2),
                "clemcore_requests": server.requests,
                "clemcore": round(server.seconds, 2),
                "ratio": round(server.seconds / own, 1),
            }
    return found


async def served(options: argparse.Namespace, known: Known) -> dict[str, Any]:
    """What needs the server."""
    server = Server(options.delay)
    async with server.serving() as url:
        found: dict[str, Any] = {"whole": await whole(server, url, known, options.width)}
        if options.clem:
            found["slice"] = await slice_(server, url, options)
    return found


def main(options: argparse.Namespace) -> None:
    """All parts."""
    known, ends = known_replies()
    alone = scheduling(known, ends, options.delay, options.width)
    found = run_async(served(options, known))
    show({"benchmark": "v3_set", "delay": options.delay, "width": options.width, "scheduling": alone, **found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.1, help="seconds a reply takes")
    parser.add_argument("--width", type=int, default=64, help="turns in flight")
    parser.add_argument("--clem", type=os.path.abspath, help="clemcore's command")
    parser.add_argument("--clembench", type=Path, help="a checkout of clembench v3.0")
    parser.add_argument("--each", type=int, default=10, help="instances of each game of the slice")
    parser.add_argument("--games", nargs="+", default=["adventuregame", "taboo", "wordle"], help="of the slice")
    main(parser.parse_args())
