"""A whole stress test: its load, readings of the server's metrics, and the metrics of each stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import time

from clemsim._util.tasks import run_in_background
from clemsim.engines.stream_timing import EventMeter
from clemsim.game.seeds import dice
from clemsim.runtime.agent import opened
from clemsim.runtime.agent_contract import described
from clemsim.stress.load.conversation import LoadState
from clemsim.stress.load.generator import LoadGenerator
from clemsim.stress.load.metrics_page import serving_metrics
from clemsim.stress.load.script_player import model_of
from clemsim.stress.load.scripts import Script, scripts_of_run
from clemsim.stress.load.trace_files import read_trace_file
from clemsim.stress.load.trace_replay import TracedConversation, read_trace
from clemsim.stress.measure.collector import Collector, merged
from clemsim.stress.measure.records import RecordFile
from clemsim.stress.measure.segments import Segment
from clemsim.stress.measure.server_metrics import Scraper, ServerReading
from clemsim.stress.measure.stage_metrics import ModelMetrics, StageMetrics, stage_metrics
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import MIN_GAIN, PATIENCE, Plan
from clemsim.stress.plan.shapes import Stage, arrival_times, still_growing
from clemsim.stress.plan.slo_search import SloSearch
from clemsim.stress.stress_result import StressResult

PERIOD = 1.0  # seconds between two readings of the server's metrics
MAX_DRAIN = 30.0  # seconds that turns of an open loop may still take when the test is over
# Seconds until an engine has noticed every timeout. A drain waits for them, so that a turn which lasted longer than the
# timeout is always a failure, and never one without an answer.
TIMEOUT_SLACK = 1.5


class ReplayedTrace(StressResult):
    """What a trace holds, and what of it was played: conversations, and turns that were answered."""

    conversations: int
    turns: int
    conversations_played: int
    turns_played: int


@dataclass(slots=True)
class Findings:
    """What a stress test measured; `stopped` says why it ended early and is empty if it did not."""

    collector: Collector
    begun: float  # seconds since the epoch
    stages: list[StageMetrics] = field(default_factory=list)
    agents: list[Mapping[str, object]] = field(default_factory=list)  # as each describes itself
    stopped: str = ""
    requests: int = 0
    replayed: ReplayedTrace | None = None
    readings: Sequence[tuple[float, ServerReading]] = ()  # with the seconds since the beginning


@dataclass(slots=True)
class StressWatch:
    """What looks on at a stress test: `ready` gets the function that stops it, `stage` each stage when it is over,
    `records` every request. At `metrics_port` of this machine the figures so far are served to Prometheus.
    """

    ready: Callable[[Callable[[str], None], Collector], None] = lambda stop, collector: None
    stage: Callable[[StageMetrics], None] = lambda metrics: None
    records: RecordFile | None = None
    metrics_port: int | None = None


class _StressTest:
    """One stress test under way."""

    def __init__(self, plan: Plan, budget: Budget, watch: StressWatch) -> None:
        self.plan = plan
        self.meter = EventMeter()
        self.models = plan.make_models(self.meter)
        self.cast = self.models[0].cast
        self.agents = list(dict.fromkeys(agent for model in self.models for agent in model.cast.agents))
        self.mix = plan.make_model_mix(self.models)
        self.trace: Sequence[TracedConversation] = ()
        self.scripts: Sequence[Script] = ()
        if plan.replay and plan.verbatim:
            model_of(self.cast)  # raises before any load is made
            self.scripts = _read_scripts(plan.replay, trust=plan.trust)
        elif plan.replay:
            self.trace = read_trace(plan.replay, self.cast, plan.seed, trust=plan.trust)
        self.budget = budget
        self.watch = watch
        self.readings: list[tuple[float, ServerReading]] = []  # with the seconds since the beginning

    async def run(self) -> Findings:
        """Make the load and measure it."""
        pages = self.plan.metrics_urls
        async with (
            opened(self.agents),
            Scraper(pages or self.plan.urls, self.plan.network, whole=bool(pages)) as scraper,
        ):
            collector = self._collector()
            findings = Findings(collector, time(), agents=[described(agent) for agent in self.agents])
            load = self._load(collector, scraper)
            self.watch.ready(load.stop, collector)
            self.budget.start()
            async with (
                serving_metrics(collector, self.watch.metrics_port),
                run_in_background(_read_loads(scraper, collector)),
                run_in_background(_split_segments(collector)),
                run_in_background(collector.watch_event_loop()),
            ):
                try:
                    await self._run(load, findings)
                finally:
                    await load.abandon()
                    collector.close_segment()
            if self.plan.open_loop:
                self._measure_open_loop(load, findings)
            if self.plan.replay:
                findings.replayed = self._replayed(load, collector)
            findings.readings = self.readings
            findings.stopped, findings.requests = load.stopped, self.budget.requests_made
        return findings

    def _collector(self) -> Collector:
        plan, records = self.plan, self.watch.records
        several = {model.name: model.meter for model in self.models} if len(self.models) > 1 else {}
        return Collector(self.meter, plan.slo, by_due=plan.open_loop, tick=plan.tick, records=records, models=several)

    def _load(self, collector: Collector, scraper: Scraper) -> LoadGenerator:
        async def read_server() -> None:
            if reading := await scraper.read(histograms=True):
                self.readings.append((collector.elapsed, reading))

        state = LoadState(collector, self.budget)
        return LoadGenerator(self.mix, self.cast, state, self.plan.think, dice("stress", self.plan.seed), read_server)

    async def _run(self, load: LoadGenerator, findings: Findings) -> None:
        plan = self.plan
        if self.scripts:
            await load.replay_scripts(self.scripts, plan.speed, plan.replay_width)
        elif plan.replay:
            await load.replay_trace(self.trace, plan.speed)
        elif plan.open_loop:
            arrivals = arrival_times(plan.stages, plan.arrivals, dice("arrivals", plan.seed))
            await load.run_open_stages(plan.stages, arrivals)
        else:
            await self._run_closed_loop(load, findings)
            return
        await load.drain(min(MAX_DRAIN, plan.timeout + TIMEOUT_SLACK))

    async def _find_slo(self, search: SloSearch, load: LoadGenerator, findings: Findings) -> None:
        """Try loads until the greatest that keeps the SLO is known, or one cannot be judged."""
        plan, tried = self.plan, dict[int, bool]()
        while (step := search.next_load(tried)) is not None and not load.over:
            stage = Stage(step, step, plan.window, warmup=plan.warmup, adaptive=True)
            metrics = await self._closed_stage(stage, len(tried), load, findings)
            if metrics is None or load.over or metrics.slo_share is None:
                return
            tried[step] = metrics.slo_share >= plan.attainment

    async def _closed_stage(self, stage: Stage, number: int, load: LoadGenerator, findings: Findings) -> StageMetrics | None:
        """Keep the load of a stage under way and measure it."""
        collector = load.state.collector
        await load.run_closed_stage(stage, number)
        collector.split_segment()
        if metrics := self._measure(collector, number, stage):
            findings.stages.append(metrics)
            self.watch.stage(metrics)
        return metrics

    async def _run_closed_loop(self, load: LoadGenerator, findings: Findings) -> None:
        plan = self.plan
        if plan.search:
            await self._find_slo(plan.search, load, findings)
            return
        swept = [Stage(step, step, plan.window, warmup=plan.warmup, adaptive=True) for step in plan.sweep]
        for number, stage in enumerate([*swept, *plan.stages]):
            await self._closed_stage(stage, number, load, findings)
            if load.over or (swept and not _goes_on(findings.stages)):
                return

    def _replayed(self, load: LoadGenerator, collector: Collector) -> ReplayedTrace:
        sizes = [len(script.turns) for script in self.scripts] or [traced.turns for traced in self.trace]
        return ReplayedTrace(
            conversations=len(sizes),
            turns=sum(sizes),
            conversations_played=load.completed,
            turns_played=sum(segment.turns for segment in collector.segments),
        )

    def _measure_open_loop(self, load: LoadGenerator, findings: Findings) -> None:
        """Count the turns without an answer, then measure all stages: only now is known what became of their turns."""
        collector = findings.collector
        for turn in load.state.pending:
            collector.add_unanswered(turn.due, turn.model)
        stages = self.plan.stages or [self.plan.replay_stage]
        measured = [self._measure(collector, number, stage) for number, stage in enumerate(stages)]
        findings.stages = [metrics for metrics in measured if metrics]

    def _measure(self, collector: Collector, number: int, stage: Stage) -> StageMetrics | None:
        """Return the metrics of a stage, given by its index; None if none of it was measured."""
        return measure_stage(self.plan, collector, number, stage, self.readings)


def measure_stage(
    plan: Plan, collector: Collector, number: int, stage: Stage, readings: Sequence[tuple[float, ServerReading]]
) -> StageMetrics | None:
    """Return the metrics of a stage, given by its index; None if none of it was measured. `readings` of the server come with
    the seconds since the beginning.
    """
    parts = collector.parts(number)
    if not parts:
        return None
    whole = merged(parts)
    begin, end = whole.begin - PERIOD / 2, whole.end + PERIOD / 2
    inside = [reading for at, reading in readings if begin <= at <= end]
    edges = (inside[0], inside[-1]) if len(inside) > 1 else None
    metrics = stage_metrics(stage, whole, parts, edges, plan.gpus)
    if not collector.by_model:
        return metrics
    models = {name: _model_metrics(own, number, stage, whole) for name, own in collector.by_model.items()}
    return metrics.model_copy(update={"models": models})


def _model_metrics(collector: Collector, number: int, stage: Stage, everything: Segment) -> ModelMetrics:
    """Return the metrics of one of several models; the client's lag, which is that of all, is in `everything`."""
    parts = collector.parts(number)
    whole = merged(parts)
    whole.lag = everything.lag
    return ModelMetrics.of(stage_metrics(stage, whole, parts, None))


async def stress(plan: Plan, budget: Budget, watch: StressWatch) -> Findings:
    """Make the load of a plan and measure it. Raise ClemsimError; faults of the infrastructure are counted, not raised."""
    return await _StressTest(plan, budget, watch).run()


def _goes_on(stages: Sequence[StageMetrics]) -> bool:
    """Return whether a sweep is worth another step: throughput still grows, and turns are still answered."""
    rates = [stage.output_tokens_per_second for stage in stages]
    return bool(rates) and rates[-1] > 0 and still_growing(rates, MIN_GAIN, PATIENCE)


def _read_scripts(path: Path, *, trust: bool) -> list[Script]:
    return scripts_of_run(path, trust=trust) if path.is_dir() else read_trace_file(path)


async def _read_loads(scraper: Scraper, collector: Collector) -> None:
    while True:
        reading = await scraper.read(histograms=False)
        collector.add_load(reading.load if reading else None)
        await asyncio.sleep(PERIOD)


async def _split_segments(collector: Collector) -> None:
    while True:
        await asyncio.sleep(collector.tick)
        collector.split_segment()
