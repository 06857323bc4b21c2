"""`clemsim stress`: load-test a serving stack with games."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from clemsim.cli.common import UNFINISHED, err, fail, one_line, out, print_json, run_async, say
from clemsim.errors import UsageError
from clemsim.stress import compare as comparing
from clemsim.stress import pictures
from clemsim.stress.bounds import Budget, check_private, targets
from clemsim.stress.checking import check as check_answers
from clemsim.stress.collector import Collector
from clemsim.stress.figures import Measured
from clemsim.stress.mix import parse_mix, parse_options
from clemsim.stress.page import page
from clemsim.stress.plan import Plan
from clemsim.stress.report import read_report, report, stages_csv, timeline_csv, write
from clemsim.stress.running import Findings, Watch, stress
from clemsim.stress.shapes import Stage, Think, parse_stage, parse_sweep, positive
from clemsim.stress.slo import Slo
from clemsim.stress.summary import summary
from clemsim.stress.tables import milliseconds, number
from clemsim.view.text import plain

SWEEP = "1:1024"
HEARTBEAT = 10.0  # seconds
MIX, LOAD_MIX = "taboo=2,privateshared=1", "talk=1"


class Arrival(StrEnum):
    """How conversations of an open loop arrive."""

    poisson = "poisson"
    constant = "constant"


def stress_(
    agent: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="MODEL@URL (replicas: MODEL@URL,URL); seat=SPEC.")
    ] = None,
    sweep: Annotated[
        str | None, typer.Option(metavar="FROM:TO", help=f"Steps of concurrency to saturation (default {SWEEP}).")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Keep so many conversations under way.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Let so many conversations arrive a second.")] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(metavar="LOAD:TIME", help="64:30s, ramp 1..64:2m, rate 5/s:1m or 1/s..10/s:2m; repeat."),
    ] = None,
    duration: Annotated[
        str, typer.Option(metavar="TIME", help="How long --concurrency or --rate lasts (8h: a soak).")
    ] = "30s",
    replay: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Play a recorded run's episodes again, with its timing.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="So many times as fast as was recorded.")] = 1.0,
    arrivals: Annotated[Arrival, typer.Option(help="How conversations arrive at a rate.")] = Arrival.poisson,
    think: Annotated[str, typer.Option(metavar="TIME", help="Before each turn but the first; exp:2s varies.")] = "0s",
    check: Annotated[int | None, typer.Option(min=2, help="Are answers as good with so many conversations at once?")] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes that --check plays alone and under load.")] = 100,
    mix: Annotated[
        str | None,
        typer.Option(metavar="GAME=WEIGHT,..", help=f"What is played (default {MIX}; talk and recall: load only)."),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="GAME.FIELD=VALUE", help="Changes instances: talk.turns=8; repeat.")
    ] = None,
    no_model_text: Annotated[
        bool, typer.Option("--no-model-text", help="Every reply exactly --max-tokens long; only load matters.")
    ] = False,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")] = 300,
    temperature: Annotated[float, typer.Option(min=0.0, help="0: always the likeliest token.")] = 0.0,
    suite: Annotated[str, typer.Option(help="Where instances come from.")] = "paper",
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    slo: Annotated[
        str, typer.Option(metavar="LIMITS", help="ttft=500ms,itl=,tpot=,turn=5s,conversation=: gives goodput.")
    ] = "",
    warmup: Annotated[str, typer.Option(metavar="TIME", help="Before each stage is measured.")] = "3s",
    window: Annotated[str, typer.Option(metavar="TIME", help="Measured at each step of a sweep.")] = "10s",
    timeout: Annotated[str, typer.Option(metavar="TIME", help="A turn that lasts longer has failed.")] = "2m",
    max_requests: Annotated[int, typer.Option(min=1, help="Ask no more than this in all.")] = 100_000,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Last no longer than this in all.")] = 3600.0,
    yes: Annotated[bool, typer.Option("--yes", help="Also load addresses that are not private.")] = False,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="A.json B.json", help="Compare two reports; makes no load.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the report goes; a new folder under stress/.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Load a server with games: how much it sustains, where it bends, and whether its answers stay good.

    Examples:

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --slo ttft=500ms,turn=5s

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --no-model-text --max-tokens 64 --sweep 1:256

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --stage 1/s..10/s:2m --think exp:5s

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --check 64 --mix taboo

      clemsim stress --compare before/report.json after/report.json
    """
    with one_line():
        if compare:
            _compare(*compare, as_json=json)
            return
        specs = list(agent or ())
        urls = targets(specs)
        if not yes:
            check_private(urls)
        shapes = _shapes(sweep, concurrency, rate, stage, duration, replay, warmup, only_check=check is not None)
        plan = Plan(
            **shapes,
            agents=specs,
            urls=urls,
            speed=speed,
            check=check,
            episodes=episodes,
            warmup=positive(warmup, "--warmup"),
            window=positive(window, "--window"),
            arrivals=arrivals.value,
            think=Think.parse(think),
            mix=parse_mix(mix or (LOAD_MIX if no_model_text else MIX)),
            options=parse_options(option or ()),
            suite=suite,
            seed=seed,
            temperature=temperature,
            max_tokens=max_tokens,
            forced=no_model_text,
            slo=Slo.parse(slo),
            timeout=positive(timeout, "--timeout"),
            max_requests=max_requests,
            max_seconds=max_seconds,
        )
        _finish(plan, _out(folder), as_json=json)


def _shapes(
    sweep: str | None,
    concurrency: int | None,
    rate: float | None,
    stages: Sequence[str] | None,
    duration: str,
    replay: Path | None,
    warmup: str,
    *,
    only_check: bool,
) -> dict[str, Any]:
    """The one load shape that was asked for; a sweep where none was."""
    asked = {"--sweep": sweep, "--concurrency": concurrency, "--rate": rate, "--stage": stages, "--replay": replay}
    given = [name for name, value in asked.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} are two load shapes: choose one")
    before, lasts = positive(warmup, "--warmup"), positive(duration, "--duration")
    if concurrency:
        return {"stages": [Stage(concurrency, concurrency, lasts, warmup=before)]}
    if rate:
        return {"stages": [Stage(rate, rate, lasts, open_=True, warmup=min(before, lasts / 2))]}
    if stages:
        return {"stages": [_warmed(parse_stage(text), before) for text in stages]}
    if replay:
        return {"replay": replay}
    return {} if only_check and not sweep else {"sweep": parse_sweep(sweep or SWEEP)}


def _warmed(stage: Stage, warmup: float) -> Stage:
    """A steady closed stage warms up; what changes, and what arrives, is measured from its beginning."""
    steady = stage.first == stage.last and not stage.open_
    return Stage(stage.first, stage.last, stage.seconds, stage.open_, warmup if steady else 0.0)


def _out(folder: Path | None) -> Path:
    found = folder or Path("stress") / f"{datetime.now():%Y%m%d-%H%M%S}"
    if found.exists() and (not found.is_dir() or any(found.iterdir())):
        raise UsageError(f"{found} is there already: choose another --out")
    return found


def _finish(plan: Plan, folder: Path, *, as_json: bool) -> None:
    """Run it, write the report and print it."""
    findings, answers = run_async(_run(plan))
    found = report(plan, findings, answers)
    files: dict[str, str | bytes] = {
        "report.json": orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS),
        "stages.csv": stages_csv(found["stages"]),
        "timeline.csv": timeline_csv(found["timeline"]),
    }
    found = orjson.loads(files["report.json"])
    drawn: dict[str, str] = {}
    try:
        charts = pictures.figures(found)
    except UsageError as error:
        charts = {}
        say(f"the report has no figures: {error}")
    for name, chart in charts.items():
        drawn[name] = pictures.svg(chart)
        files |= {f"{name}.svg": drawn[name], f"{name}.png": pictures.png(chart)}
    write(folder, {**files, "report.html": page(found, drawn)})
    if as_json:
        print_json(found)
    else:
        out.print(summary(found))
        out.print(plain(f"report: {folder / 'report.html'}"), soft_wrap=True)
    if found["stopped"] or (answers and answers["stopped"]):
        raise typer.Exit(UNFINISHED)


async def _run(plan: Plan) -> tuple[Findings | None, dict[str, Any] | None]:
    """The load, then the check of answers, as far as each is wanted. Ctrl-C ends both with what was measured so far."""
    budget = Budget(plan.max_requests, plan.max_seconds)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    findings = answers = None
    if plan.sweep or plan.stages or plan.replay:
        findings = await _load(plan, budget, stopped)
    if plan.check and not stopped.is_set():
        _on_signal(loop, stopped.set)
        answers = await check_answers(plan, budget, _tell, stopped)
    return findings, answers


async def _load(plan: Plan, budget: Budget, stopped: asyncio.Event) -> Findings:
    beats: list[asyncio.Task[None]] = []

    def ready(stop: Any, collector: Collector) -> None:
        def halt() -> None:
            stopped.set()
            stop("it was stopped")

        _on_signal(asyncio.get_running_loop(), halt)
        beats.append(asyncio.ensure_future(_beat(collector)))

    _tell(f"loading {', '.join(plan.urls)} (Ctrl-C stops and reports what was measured)")
    try:
        return await stress(plan, budget, Watch(ready, _tell_stage))
    finally:
        for beat in beats:
            beat.cancel()


async def _beat(collector: Collector) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        some = f"{collector.under_way} conversations, {collector.in_flight} turns in flight"
        _tell(f"{collector.now:.0f} s: {some}, {sum(each.turns for each in collector.segments)} turns answered")


def _on_signal(loop: asyncio.AbstractEventLoop, stop: Any) -> None:
    """The first Ctrl-C stops in good order, the second at once."""

    def first() -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
        stop()

    with suppress(NotImplementedError):
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, first)


def _tell(text: str) -> None:
    err.print(plain(text), soft_wrap=True)


def _tell_stage(found: Measured) -> None:
    data = found.data
    first, turn, tokens = data["latency"]["ttft"], data["latency"]["turn"], data["output_tokens_per_second"]
    _tell(
        f"{data['label']:>9}: {number(tokens)} tokens/s, {number(data['turns_per_second'])} turns/s, "
        f"TTFT p50 {milliseconds(first['p50'])} ms, turn p50 {milliseconds(turn['p50'])} ms, {data['turns']} turns"
        + (f", {data['error_share']:.1%} failed" if data["error_share"] else "")
    )


def _compare(first: Path, second: Path, *, as_json: bool) -> None:
    found = comparing.compare(read_report(first), read_report(second))
    if not found["stages"]:
        fail(f"{first} and {second} have no stage in common: use the same load shape for both")
    if as_json:
        print_json(found)
    else:
        out.print(comparing.shown(found, str(first), str(second)))
