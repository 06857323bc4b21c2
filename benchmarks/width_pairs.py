"""Does `--width auto` find the width on a real vLLM server, right after its start too?

Plays the same episodes in pairs, one at `--width auto` and one at the best fixed width, in alternating order. The runs of a
fresh pair are each the first that a newly started server gets. Keeps every reading that the width was chosen by. Gives JSON:
tokens per second of both sides (by the clock, and by the CPU time of the server, which neighbours on the machine disturb
less), their ratio in each pair, and the width histories; `--picture` draws those.
usage: python benchmarks/width_pairs.py MODEL@URL --start "COMMAND" [--width 64] [--pairs 12] [--fresh 6] [--picture out.svg]
COMMAND serves MODEL at URL until it is killed.
"""

import argparse
import asyncio
import os
import shlex
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import orjson

from clemsim._util.extras import needing
from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.load import ServerLoad
from clemsim.game.instances import Instance
from clemsim.runs.prepare import PreparedRun, prepare
from clemsim.runtime.agent import Agent, Cast, opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import Observer, WidthSample
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.config import RunConfig

START_LIMIT = 400  # seconds until a server must answer
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """The server under test, started again for every fresh run."""

    def __init__(self, command: str, url: str) -> None:
        self._command = shlex.split(command)
        self._url = url
        self._process: subprocess.Popen[bytes] | None = None

    async def restart(self) -> None:
        """Kill it, start it and wait until it answers."""
        self.stop()
        self._start()
        engine, until = ChatEngine("any", self._url), time.monotonic() + START_LIMIT
        while not await engine.alive():
            if time.monotonic() > until:
                raise SystemExit("the server did not start")
            await asyncio.sleep(1.0)

    def _start(self) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)

    def stop(self) -> None:
        """Kill it with all its processes."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        group, ticks = self._process.pid if self._process else 0, 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK


class History(Observer):
    """Keeps the changes of the width."""

    def __init__(self) -> None:
        self.samples: list[dict[str, Any]] = []
        self._begun = time.time()

    def width_sampled(self, sample: WidthSample) -> None:
        """Keep one."""
        at = round(sample.at - self._begun, 2)
        self.samples.append({"at": at, "width": sample.width, "in_flight": sample.in_flight, "why": sample.why})


class Reading(ModelAgent):
    """Keeps what the server said, each time that it was asked."""

    def __init__(self, engine: ChatEngine, sampling: Sampling) -> None:
        super().__init__(engine, sampling, constrain=True)
        self.readings: list[dict[str, Any]] = []
        self._begun = time.time()

    async def load(self) -> ServerLoad | None:
        """Ask the server."""
        load = await super().load()
        self.readings.append({"at": round(time.time() - self._begun, 2), "load": asdict(load) if load else None})
        return load


async def play(options: argparse.Namespace, server: Server, width: int | None, *, fresh: bool) -> dict[str, Any]:
    """Play all episodes once and return what was measured."""
    if fresh:
        await server.restart()
    model, _, url = options.spec.partition("@")
    most = {name: int(count) for name, _, count in (arena.partition(":") for arena in options.arenas)}
    prepared = prepare(RunConfig(suite="paper", agents=("random",), arenas=tuple(most), instances=max(most.values())))
    agent = Reading(ChatEngine(model, url, isolated=True), Sampling(max_tokens=options.max_tokens))
    history, cast = History(), Cast.of(agent)
    episodes = [
        episode
        for name, arena in prepared.arenas.items()
        for episode in arena.episodes(_instances(prepared, name, most[name]), cast)
    ]
    agents: list[Agent] = [agent]
    async with opened(agents):
        scheduler = Scheduler(history, width)
        cpu, begun = server.cpu_seconds(), perf_counter()
        await scheduler.play(episodes)
        seconds, cpu = perf_counter() - begun, server.cpu_seconds() - cpu
    progress = scheduler.progress
    widths = [each["width"] for each in history.samples]
    return {
        "tokens": progress.tokens_out,
        "seconds": round(seconds, 2),
        "server_cpu_seconds": round(cpu, 2),
        "tokens_per_second": round(progress.tokens_out / seconds, 2),
        "tokens_per_cpu_second": round(progress.tokens_out / cpu, 2),
        "requests": progress.requests,
        "unfinished": progress.unfinished,
        "peak_in_flight": progress.peak_in_flight,
        "least_width": min(widths),
        "history": history.samples,
        "readings": agent.readings,
    }


def _instances(prepared: PreparedRun, arena: str, most: int) -> list[Instance]:
    """The first `most` instances of each of an arena's experiments."""
    kept: dict[str, list[Instance]] = {}
    for each in prepared.episodes:
        if each.key.arena == arena:
            kept.setdefault(each.instance.experiment, []).append(each.instance)
    return [instance for instances in kept.values() for instance in instances[:most]]


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Play all pairs, every other one backwards; fresh and warm ones in turn."""
    server = Server(options.start, options.spec.partition("@")[2])
    pairs: list[dict[str, Any]] = []
    try:
        for number in range(options.pairs):
            fresh = (number + 1) * options.fresh // options.pairs > number * options.fresh // options.pairs
            if not fresh and not pairs:
                await play(options, server, None, fresh=True)  # warms the server up
            pair: dict[str, Any] = {"fresh": fresh}
            for width in [None, options.width][:: -1 if number % 2 else 1]:
                pair["auto" if width is None else "fixed"] = await play(options, server, width, fresh=fresh)
            pair["ratio"] = _ratio(pair, "tokens_per_second")
            pair["ratio_by_cpu"] = _ratio(pair, "tokens_per_cpu_second")
            pairs.append(pair)
            print(number, fresh, pair["ratio"], pair["ratio_by_cpu"], pair["auto"]["least_width"], flush=True)
            options.out.write_bytes(orjson.dumps(summary(options, pairs), option=orjson.OPT_INDENT_2))
    finally:
        server.stop()
    return summary(options, pairs)


def _ratio(pair: dict[str, Any], name: str) -> float:
    return round(float(pair["auto"][name] / pair["fixed"][name]), 3)


def summary(options: argparse.Namespace, pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return median and worst of the ratios, beside all pairs."""
    found: dict[str, Any] = {"benchmark": "width_pairs", "fixed_width": options.width, "pairs": len(pairs)}
    for name in ("ratio", "ratio_by_cpu"):
        ratios = [pair[name] for pair in pairs]
        found[name] = {"median": round(median(ratios), 3), "worst": min(ratios), "all": ratios}
    found["least_width"] = min(pair["auto"]["least_width"] for pair in pairs)
    return {**found, "each": pairs}


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the width of every `auto` run over time."""
    with needing("pictures", "--picture"):
        import altair as alt  # noqa: PLC0415 (an extra)

    rows = [
        {"run": f"{number + 1:02}", "server": "fresh" if pair["fresh"] else "warm", **sample}
        for number, pair in enumerate(found["each"])
        for sample in [
            *pair["auto"]["history"],
            {**pair["auto"]["history"][-1], "at": pair["auto"]["seconds"]},
        ]
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=alt.X("at:Q", title="seconds since the start of the run"))
    widths = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("width:Q", title="width (turns)", scale=alt.Scale(zero=True)), color="server:N", detail="run:N"
    )
    flight = base.mark_line(opacity=0.5, strokeDash=[2, 2]).encode(y="in_flight:Q", detail="run:N", color="server:N")
    chart = (widths + flight).properties(width=180, height=90).facet(facet=alt.Facet("run:O", title=None), columns=4)
    chart.save(str(path))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", metavar="MODEL@URL")
    parser.add_argument("--start", required=True, metavar="COMMAND")
    parser.add_argument("--width", type=int, default=64, help="the best fixed width")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--fresh", type=int, default=6, help="of the pairs")
    default = ["taboo:4", "referencegame:9"]
    parser.add_argument("--arenas", nargs="+", default=default, metavar="NAME:N", help="N instances of each experiment")
    parser.add_argument("--max-tokens", type=int, default=24)
    parser.add_argument("--out", type=Path, default=Path("width_pairs.json"))
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    found = run_async(measure(options))
    print(orjson.dumps({name: value for name, value in found.items() if name != "each"}).decode())
    if options.picture:
        draw(found, options.picture)
