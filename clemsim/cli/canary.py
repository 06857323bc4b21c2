"""`clemsim canary`: is this serving stack still good?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from clemsim._util.files import write_text
from clemsim._util.tasks import run_in_background
from clemsim._util.text import plain
from clemsim.canary.formats import junit, markdown
from clemsim.canary.plan import CanaryPlan, is_run, parse_budget
from clemsim.canary.play import LiveCanary
from clemsim.canary.play import canary as play
from clemsim.canary.sentences import sentence
from clemsim.canary.verdict import CanaryVerdict
from clemsim.catalog.trust import Trust
from clemsim.cli import options
from clemsim.cli.common import err, fail, one_line, out, print_json, run_async, show_warnings
from clemsim.cli.network import takes_network
from clemsim.cli.signals import SIGNALS
from clemsim.engines.connect import NetworkOptions
from clemsim.store.config import RunConfig
from clemsim.store.folder import read_config

WORSE, OPEN = 3, 4  # exit codes
HEARTBEAT = 10.0  # seconds
SUITE, WIDTH = "paper", 8


@takes_network
def canary(
    a: Annotated[
        str, typer.Argument(metavar="A", help="The stack that is good: a SPEC, or the folder of a run of one agent.")
    ],
    b: Annotated[
        str | None, typer.Argument(metavar="B", help="The stack to be judged: a SPEC; not with --load, where A is both.")
    ] = None,
    load: Annotated[
        int | None, typer.Option(min=2, help="Compare A, one conversation at a time, with A under so many at once.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=1.0, max=100.0, callback=options.finite, help="A change of quality that matters, in points.")
    ] = 10.0,
    speed_margin: Annotated[
        float, typer.Option(min=1.0, callback=options.finite, help="A change of tokens a second that matters, in percent.")
    ] = 20.0,
    speed: Annotated[
        bool | None, typer.Option("--speed/--no-speed", help="Judge the speed, too; by default not with --load.")
    ] = None,
    budget: Annotated[str, typer.Option(help="Most pairs of episodes (200), most time (15m), or both (200,15m).")] = "200",
    suite: Annotated[
        str | None, typer.Option(help=f"What to play: a name, a file or a folder; {SUITE} unless given.")
    ] = None,
    arena: Annotated[list[str] | None, typer.Option(help="Only this game, or path/to/game.py:Class; repeat.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every draw, and which pairs come first; 0 unless given.")] = None,
    width: Annotated[int | None, typer.Option(min=1, help=f"Turns of each arm in flight; {WIDTH} unless given.")] = None,
    temperature: Annotated[float | None, typer.Option(min=0.0, callback=options.finite, help="0 unless given.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest reply in tokens; 300 unless given.")] = None,
    constrain: options.ConstrainOption = False,
    out_: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="A new folder for the runs of both arms.")
    ] = None,
    junit_: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the verdict as JUnit XML.")] = None,
    markdown_: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the verdict as Markdown.")
    ] = None,
    trust: options.TrustOption = False,
    json: options.JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_network)
) -> None:
    """Compare two serving stacks, pair by pair, until it is certain whether B is as good as A, within the budget.

    Exit codes: 0 B is not worse than A by a margin or more; 3 it is; 4 not certain within the budget; 2 nothing can be said,
    for something named is wrong or missing, or a server failed. All intervals hold at all looks together at the 5 % level.

    Examples:

      clemsim canary qwen2.5-7b@http://10.0.0.1:8000/v1 qwen2.5-7b@http://10.0.0.2:8000/v1

      clemsim canary runs/before qwen2.5-7b@http://10.0.0.1:8000/v1 --budget 15m --junit canary.xml

      clemsim canary qwen2.5-7b@http://10.0.0.1:8000/v1 --load 64 --arena taboo --arena wordle --constrain
    """
    given = {
        "suite": suite,
        "seed": seed,
        "temperature": temperature,
        "max_tokens": max_tokens,
        "constrain": constrain or None,
    }
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if arena:
        fields["arenas"] = tuple(arena)
    with one_line():
        config, before = _config(a, b, load, fields)
        plan = CanaryPlan(
            config=config,
            before=before,
            load=load,
            width=width or config.width or WIDTH,
            margin=margin,
            speed_margin=1 + speed_margin / 100 if (not load if speed is None else speed) else None,
            budget=parse_budget(budget),
            network=network,
        )
        verdict = run_async(_play(plan, out_, Trust(trust)))
        _write(verdict, junit_, markdown_)
        _print(verdict, as_json=json)
    if verdict.answer != "same":
        raise typer.Exit(WORSE if verdict.answer == "worse" else OPEN)


def _config(a: str, b: str | None, load: int | None, fields: dict[str, Any]) -> tuple[RunConfig, Path | None]:
    """Return what is played, and the run that stands for A. Leaves with one line where the arguments do not go together."""
    if load:
        if b or is_run(a):
            fail("--load compares one SPEC with itself: give A alone")
        return _make({"suite": SUITE, "isolate_cache": True, **fields, "agents": (a,)}), None
    if b is None:
        fail("give A and B; or A alone with --load")
    if is_run(b):
        fail(f"{b} is a run: give it first, as A")
    if not is_run(a):
        return _make({"suite": SUITE, **fields, "agents": (a, b)}), None
    if fields:
        fail(f"--{next(iter(fields)).replace('_', '-')}: B is played as the run {a} was: leave it out")
    changes = {"agents": (b,), "stop_when": None, "only": None, "repetitions": 1}
    return read_config(Path(a)).model_copy(update=changes), Path(a)


def _make(fields: dict[str, Any]) -> RunConfig:
    try:
        return RunConfig(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}")


async def _play(plan: CanaryPlan, folder: Path | None, trust: Trust) -> CanaryVerdict:
    lives: list[LiveCanary] = []

    def watch(live: LiveCanary) -> None:
        lives.append(live)
        show_warnings(live.warnings)
        _tell(f"comparing up to {live.comparison.pairs} pairs of episodes in {live.folder} (Ctrl-C stops and reports)")

        def stop() -> str:
            live.stop("it was stopped")
            return "what was played is reported"

        SIGNALS.on_stop(stop)

    async with run_in_background(_tell_progress(lives)):
        return await play(plan, folder, watch, trust)


async def _tell_progress(lives: list[LiveCanary]) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        for live in lives:
            states = " ".join(sentence(measure) for measure in live.comparison.states())
            _tell(f"{live.comparison.looked_at}/{live.comparison.pairs} pairs. {states}")


def _tell(text: str) -> None:
    err.print(plain(text, "dim"), soft_wrap=True)


def _write(verdict: CanaryVerdict, junit_: Path | None, markdown_: Path | None) -> None:
    for path, text in ((junit_, junit), (markdown_, markdown)):
        if path:
            write_text(path, text(verdict))


def _print(verdict: CanaryVerdict, *, as_json: bool) -> None:
    if as_json:
        print_json(verdict.model_dump(mode="json"))
        return
    out.print(plain(f"A: {verdict.a}\nB: {verdict.b}"), soft_wrap=True)
    for line in verdict.sentences:
        out.print(plain(line), soft_wrap=True)
    out.print(
        plain(f"runs: {', '.join(verdict.runs.values())}   (read them: clemsim show, clemsim compare)"), soft_wrap=True
    )
