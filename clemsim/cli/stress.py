"""`clemsim stress`: load-test a serving stack with games."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import typer

from clemsim._util.files import check_new, write_files
from clemsim._util.text import plain
from clemsim.cli import stress_options as opt
from clemsim.cli.common import UNFINISHED, err, fail, one_line, out, print_json, run_async, say
from clemsim.errors import UsageError
from clemsim.stress.load.answer_check import check as check_answers
from clemsim.stress.load.runner import Findings, StressWatch, stress
from clemsim.stress.measure.collector import Collector
from clemsim.stress.measure.stage_metrics import Measured
from clemsim.stress.plan.guardrails import Budget, check_private, targets
from clemsim.stress.plan.mix import parse_mix, parse_options
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage, ThinkTime, parse_stage, parse_sweep, positive
from clemsim.stress.plan.slo import Slo
from clemsim.stress.report import charts
from clemsim.stress.report import compare as comparing
from clemsim.stress.report.formatting import milliseconds, number
from clemsim.stress.report.html import page
from clemsim.stress.report.report import read_report, report, stages_csv, timeline_csv
from clemsim.stress.report.terminal import summary

HEARTBEAT = 10.0  # seconds


def stress_(
    context: typer.Context,
    agent: opt.Agents = None,
    sweep: opt.Sweep = None,
    concurrency: opt.Concurrency = None,
    rate: opt.Rate = None,
    stage: opt.Stages = None,
    duration: opt.Duration = "30s",
    replay: opt.Replay = None,
    speed: opt.Speed = 1.0,
    arrivals: opt.ArrivalKind = opt.Arrival.poisson,
    think: opt.Think = "0s",
    check: opt.Check = None,
    episodes: opt.Episodes = 100,
    mix: opt.Mix = None,
    option: opt.Options = None,
    no_model_text: opt.NoModelText = False,
    max_tokens: opt.MaxTokens = 300,
    temperature: opt.Temperature = 0.0,
    suite: opt.Suite = "paper",
    seed: opt.Seed = 0,
    slo: opt.Limits = "",
    warmup: opt.Warmup = "3s",
    window: opt.Window = "10s",
    timeout: opt.Timeout = "2m",
    max_requests: opt.MaxRequests = 100_000,
    max_seconds: opt.MaxSeconds = 3600.0,
    yes: opt.Yes = False,
    compare: opt.Compare = None,
    folder: opt.Folder = None,
    json: opt.Json = False,
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
        else:
            _finish(_plan(context.params), _out(folder), as_json=json)


def _plan(asked: Mapping[str, Any]) -> Plan:
    """What the options ask for. Raises UsageError."""
    specs = list(asked["agent"] or ())
    urls = targets(specs)
    if not asked["yes"]:
        check_private(urls)
    forced = asked["no_model_text"]
    return Plan(
        **_shapes(asked),
        agents=specs,
        urls=urls,
        speed=asked["speed"],
        check=asked["check"],
        episodes=asked["episodes"],
        warmup=positive(asked["warmup"], "--warmup"),
        window=positive(asked["window"], "--window"),
        arrivals=opt.Arrival(asked["arrivals"]).value,
        think=ThinkTime.parse(asked["think"]),
        mix=parse_mix(asked["mix"] or (opt.LOAD_MIX if forced else opt.MIX)),
        options=parse_options(asked["option"] or ()),
        suite=asked["suite"],
        seed=asked["seed"],
        temperature=asked["temperature"],
        max_tokens=asked["max_tokens"],
        forced=forced,
        slo=Slo.parse(asked["slo"]),
        timeout=positive(asked["timeout"], "--timeout"),
        max_requests=asked["max_requests"],
        max_seconds=asked["max_seconds"],
    )


def _shapes(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The one load shape that was asked for; a sweep where none was."""
    given = [name for name in ("sweep", "concurrency", "rate", "stage", "replay") if asked[name]]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]} are two load shapes: choose one")
    before, lasts = positive(asked["warmup"], "--warmup"), positive(asked["duration"], "--duration")
    if load := asked["concurrency"]:
        return {"stages": [Stage(load, load, lasts, warmup=before)]}
    if rate := asked["rate"]:
        return {"stages": [Stage(rate, rate, lasts, open_=True, warmup=min(before, lasts / 2))]}
    if asked["stage"]:
        return {"stages": [_warmed(parse_stage(text), before) for text in asked["stage"]]}
    if asked["replay"]:
        return {"replay": Path(asked["replay"])}
    return {} if asked["check"] and not asked["sweep"] else {"sweep": parse_sweep(asked["sweep"] or opt.SWEEP)}


def _warmed(stage: Stage, warmup: float) -> Stage:
    """A steady closed stage warms up; what changes, and what arrives, is measured from its beginning."""
    steady = stage.first == stage.last and not stage.open_
    return Stage(stage.first, stage.last, stage.seconds, stage.open_, warmup if steady else 0.0)


def _out(folder: Path | None) -> Path:
    found = folder or Path("stress") / f"{datetime.now():%Y%m%d-%H%M%S}"
    check_new(found)
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
        drawings = charts.figures(found)
    except UsageError as error:
        drawings = {}
        say(f"the report has no figures: {error}")
    for name, chart in drawings.items():
        drawn[name] = charts.svg(chart)
        files |= {f"{name}.svg": drawn[name], f"{name}.png": charts.png(chart)}
    write_files(folder, {**files, "report.html": page(found, drawn)})
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
        return await stress(plan, budget, StressWatch(ready, _tell_stage))
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
