"""`clemsim stress`: load-test a serving stack with games."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from clemsim._util.extras import library
from clemsim._util.files import check_new, dated_places, new_folder, write_files
from clemsim._util.text import plain
from clemsim.catalog.agents import kind_of
from clemsim.catalog.shared_secrets import unencrypted
from clemsim.cli import stress_gates as gates
from clemsim.cli.common import (
    err,
    one_line,
    out,
    print_json,
    run_async,
    say,
    show_warnings,
)
from clemsim.cli.network import parse_headers
from clemsim.cli.signals import SIGNALS
from clemsim.cli.stress_aiperf import recording, write_aiperf
from clemsim.cli.stress_index import write_index
from clemsim.cli.stress_options import LOAD_MIX, MIX, SWEEP, StressOptions, takes_options
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import UsageError
from clemsim.store.config import RunConfig
from clemsim.store.folder import read_config
from clemsim.stress.load.answer_check import check_answers
from clemsim.stress.load.processes import stress_together
from clemsim.stress.load.runner import Findings, StressWatch, stress
from clemsim.stress.measure.collector import Collector
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.measure.verdict import AnswerVerdict
from clemsim.stress.plan.durations import parse_positive_duration, parse_share
from clemsim.stress.plan.guardrails import Budget, check_private, server_urls
from clemsim.stress.plan.mix import parse_mix, parse_options
from clemsim.stress.plan.model_mix import parse_models
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage, ThinkTime, parse_stage, parse_sweep
from clemsim.stress.plan.slo import Slo
from clemsim.stress.plan.slo_search import SloSearch
from clemsim.stress.report import charts
from clemsim.stress.report.csv_tables import models_csv, stages_csv, timeline_csv
from clemsim.stress.report.formatting import milliseconds, number
from clemsim.stress.report.gates import Gate, judge_report, parse_gates
from clemsim.stress.report.html import html_page
from clemsim.stress.report.report import make_report
from clemsim.stress.report.stress_report import StressReport, report_schema
from clemsim.stress.report.terminal import terminal_report

HEARTBEAT = 10.0  # seconds


@takes_options(StressOptions)
def stress_(options: StressOptions) -> None:
    """Load a server with games: how much it sustains, where it bends, and whether its answers stay good.

    Examples:

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --slo ttft=500ms,turn=5s

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --find slo --slo "ttft:500 tpot:50"

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --no-model-text --max-tokens 64 --sweep 1:256

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --stage 1/s..10/s:2m --think exp:5s

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --agent lora@http://127.0.0.1:8000/v1 --models qwen=3,lora=1

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --check 64 --mix taboo

      clemsim stress --agent qwen@http://127.0.0.1:8000/v1 --replay runs/r1 --verbatim --speed 2

      clemsim stress --compare before/report.json after/report.json

      clemsim stress --index stress
    """
    with one_line():
        if options.schema:
            print_json(report_schema())
        elif options.compare:
            gates.compare(options)
        elif options.index:
            write_index(options.index, options.folder, as_json=options.json)
        else:
            limits = parse_gates(options.fail_if or ())
            plan = _plan(options)
            places = _report_places(options.folder)
            with recording(options) as (file, path):
                with file or nullcontext():
                    watch = StressWatch(records=file, metrics_port=options.metrics_port)
                    report, place = _load_and_report(plan, places, limits, watch, as_json=options.json)
                if options.format:
                    write_aiperf(report, path, place / options.format)
            gates.leave(options, report, ended_early=report.ended_early)


def _plan(options: StressOptions) -> Plan:
    """Return the plan that the options ask for. Raise UsageError."""
    specs = options.agent or []
    urls = server_urls(specs)
    if not options.yes:
        check_private(urls)
    _check_one_shape(options)
    if options.check:
        library("numpy", "analysis", "--check")  # of the verdict, which comes last
    recorded = read_config(options.replay) if options.replay and options.replay.is_dir() else RunConfig()
    verbatim = options.verbatim or bool(options.replay and options.replay.is_file())
    if options.verbatim and not options.replay:
        raise UsageError("--verbatim: say which run, with --replay")
    return Plan(
        agents=specs,
        urls=urls,
        sweep=_sweep(options),
        stages=_stages(options),
        replay=options.replay,
        verbatim=verbatim,
        replay_width=options.concurrency if options.replay else None,
        constrain=(options.constrain or recorded.constrain) and not verbatim,
        trust=options.trust,
        speed=options.speed,
        check=options.check,
        episodes=options.episodes,
        warmup=parse_positive_duration(options.warmup, "--warmup"),
        window=parse_positive_duration(options.window, "--window"),
        arrivals=options.arrivals,
        think=ThinkTime.parse(options.think),
        mix=parse_mix(options.mix or (LOAD_MIX if options.no_model_text else MIX)),
        options=parse_options(options.option or ()),
        models=parse_models(options.models or ""),
        suite=options.suite,
        seed=options.seed,
        temperature=recorded.temperature if options.temperature is None else options.temperature,
        max_tokens=recorded.max_tokens if options.max_tokens is None else options.max_tokens,
        forced_length=options.no_model_text,
        slo=Slo.parse(options.slo),
        metrics_urls=_metrics_urls(options),
        processes=options.workers or 1,
        gpus=options.gpus,
        price=options.price_per_gpu_hour,
        attainment=parse_share(options.attainment, "--attainment"),
        search=_search(options),
        timeout=parse_positive_duration(options.timeout, "--timeout"),
        network=NetworkOptions(ca_file=options.ca_file, headers=parse_headers(options.header or ())),
        max_requests=options.max_requests,
        max_seconds=options.max_seconds,
    )


def _metrics_urls(options: StressOptions) -> list[str]:
    """Return the addresses of --metrics-url. Raise UsageError."""
    urls = options.metrics_url or []
    if wrong := [url for url in urls if not url.startswith(("http://", "https://"))]:
        raise UsageError(f"--metrics-url {wrong[0]}: give the whole address, as in http://10.0.0.5:8000/metrics")
    if not options.yes:
        check_private(urls)
    return urls


def _shapes(options: StressOptions) -> list[str]:
    """Return the names of the load shapes that are given."""
    shapes = {
        "sweep": options.sweep,
        "concurrency": None if options.replay else options.concurrency,
        "rate": options.rate,
        "stage": options.stage,
        "replay": options.replay,
    }
    return [name for name, value in shapes.items() if value]


def _check_one_shape(options: StressOptions) -> None:
    if len(shapes := _shapes(options)) > 1:
        raise UsageError(f"--{shapes[0]} and --{shapes[1]} are two load shapes: choose one")


def _search(options: StressOptions) -> SloSearch | None:
    """Return the search of --find, between the ends of --sweep. Raise UsageError."""
    if options.find is None:
        return None
    if others := [name for name in _shapes(options) if name != "sweep"]:
        raise UsageError(f"--find slo tries loads of its own: leave out --{others[0]}")
    steps = parse_sweep(options.sweep or SWEEP)
    return SloSearch(steps[0], steps[-1])


def _sweep(options: StressOptions) -> list[int]:
    """Return the steps of the sweep, which is played where no other shape is given and answers are not only checked."""
    if options.find:
        return []
    if options.sweep:
        return parse_sweep(options.sweep)
    return [] if options.check or _shapes(options) else parse_sweep(SWEEP)


def _stages(options: StressOptions) -> list[Stage]:
    """Return the stages of --concurrency, --rate or --stage."""
    warmup = parse_positive_duration(options.warmup, "--warmup")
    seconds = parse_positive_duration(options.duration, "--duration")
    if options.replay:
        return []
    if load := options.concurrency:
        return [Stage(load, load, seconds, warmup=warmup)]
    if rate := options.rate:
        return [Stage(rate, rate, seconds, open_loop=True, warmup=min(warmup, seconds / 2))]
    return [_with_warmup(parse_stage(text), warmup) for text in options.stage or ()]


def _with_warmup(stage: Stage, warmup: float) -> Stage:
    """Return the stage with a warm-up if it is a steady closed one; ramps and rates are measured from their beginning."""
    steady = stage.first == stage.last and not stage.open_loop
    return Stage(stage.first, stage.last, stage.seconds, stage.open_loop, warmup if steady else 0.0)


def _report_places(folder: Path | None) -> list[Path]:
    """Return the places for the report, of which the first that is free is taken: names after the time, unless `folder` is
    given. Raise UsageError if that holds anything.
    """
    if folder:
        check_new(folder)
        return [folder]
    return dated_places(Path("stress"))


def _load_and_report(
    plan: Plan, places: Sequence[Path], limits: Sequence[Gate], watch: StressWatch, *, as_json: bool
) -> tuple[StressReport, Path]:
    """Run the stress test, write its report, print it, and return it and its folder."""
    findings, answers = run_async(_run(plan, watch))
    report = make_report(plan, findings, answers)
    if limits:
        judged = tuple(gate.json_data() for gate in judge_report(limits, report))
        report = report.model_copy(update={"gates": judged})
    with new_folder(*places) as draft:
        write_files(draft.path, _files(report))
    if as_json:
        print_json(report.json_data())
    else:
        out.print(terminal_report(report))
        out.print(plain(f"report: {draft.place / 'report.html'}"), soft_wrap=True)
    return report, draft.place


def _files(report: StressReport) -> dict[str, str | bytes]:
    """Return the files of a report by name; without the extra that draws, they hold no figures."""
    files: dict[str, str | bytes] = {
        "report.json": report.to_json(),
        "stages.csv": stages_csv(report.stages),
        "timeline.csv": timeline_csv(report.timeline),
    }
    if any(stage.models for stage in report.stages):
        files["models.csv"] = models_csv(report.stages)
    drawings: dict[str, str] = {}
    try:
        figures = charts.draw_figures(report)
    except UsageError as error:
        figures = {}
        say(f"the report has no figures: {error}")
    for name, chart in figures.items():
        drawings[name] = charts.svg(chart)
        files |= {f"{name}.svg": drawings[name], f"{name}.png": charts.png(chart)}
    return {**files, "report.html": html_page(report, drawings)}


async def _run(plan: Plan, watch: StressWatch) -> tuple[Findings | None, AnswerVerdict | None]:
    """Make the load, then check answers, as far as each is wanted. Ctrl-C ends both with what was measured so far."""
    budget = Budget(plan.max_requests, plan.max_seconds)
    stopped = asyncio.Event()
    findings = answers = None
    if plan.sweep or plan.stages or plan.replay or plan.search:
        one = plan.processes == 1
        findings = await (_load(plan, budget, stopped, watch) if one else _load_together(plan, stopped, watch))
    if plan.check and not stopped.is_set():
        SIGNALS.on_stop(lambda: _stop(stopped, "what was checked is reported"))
        answers = await check_answers(plan, budget, _tell, stopped)
    return findings, answers


async def _load(plan: Plan, budget: Budget, stopped: asyncio.Event, watch: StressWatch) -> Findings:
    heartbeats: list[asyncio.Task[None]] = []

    def ready(stop: Callable[[str], None], collector: Collector) -> None:
        def on_signal() -> str:
            stop("it was stopped")
            return _stop(stopped, f"{collector.in_flight} turns are broken off, what was measured is reported")

        SIGNALS.on_stop(on_signal)
        heartbeats.append(asyncio.ensure_future(_tell_progress(collector)))

    show_warnings(unencrypted([kind_of(spec) for spec in plan.agents], plan.network))
    _tell(f"loading {', '.join(plan.urls)} (Ctrl-C stops and reports what was measured)")
    try:
        return await stress(plan, budget, replace(watch, ready=ready, stage=_tell_stage))
    finally:
        for heartbeat in heartbeats:
            heartbeat.cancel()


async def _load_together(plan: Plan, stopped: asyncio.Event, watch: StressWatch) -> Findings:
    if watch.records or watch.metrics_port:
        raise UsageError("--records and --metrics-port go with one process: leave out --workers")

    def ready(stop: Callable[[], None]) -> None:
        def on_signal() -> str:
            stop()
            return _stop(stopped, "what was measured is reported")

        SIGNALS.on_stop(on_signal)

    show_warnings(unencrypted([kind_of(spec) for spec in plan.agents], plan.network))
    _tell(f"loading {', '.join(plan.urls)} from {plan.processes} processes (Ctrl-C stops and reports what was measured)")
    findings = await stress_together(plan, plan.processes, ready)
    for stage in findings.stages:
        _tell_stage(stage)
    return findings


def _stop(stopped: asyncio.Event, what: str) -> str:
    stopped.set()
    return what


async def _tell_progress(collector: Collector) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        load = f"{collector.under_way} conversations, {collector.in_flight} turns in flight"
        turns = sum(segment.turns for segment in collector.segments)
        _tell(f"{collector.elapsed:.0f} s: {load}, {turns} turns answered")


def _tell(text: str) -> None:
    err.print(plain(text), soft_wrap=True)


def _tell_stage(stage: StageMetrics) -> None:
    failed = f", {stage.error_share:.1%} failed" if stage.error_share else ""
    _tell(
        f"{stage.label:>9}: {number(stage.output_tokens_per_second)} tokens/s, {number(stage.turns_per_second)} turns/s, "
        f"TTFT p50 {milliseconds(stage.latency.ttft.p50)} ms, turn p50 {milliseconds(stage.latency.turn.p50)} ms, "
        f"{stage.turns} turns{failed}"
    )
