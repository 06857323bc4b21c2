"""Runs a stress test: load, looks at the server, and what came of each stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any

from clemsim._util.tasks import run_in_background
from clemsim.engines.stream_timing import EventMeter
from clemsim.game.seeds import dice
from clemsim.runtime.agent import opened
from clemsim.stress.load.conversation import Room
from clemsim.stress.load.generator import LoadGenerator
from clemsim.stress.load.trace_replay import recorded
from clemsim.stress.measure.collector import Collector
from clemsim.stress.measure.server_metrics import Scraper, ServerReading
from clemsim.stress.measure.stage_metrics import Measured, measured
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import PATIENCE, WORTH, Plan
from clemsim.stress.plan.shapes import Stage, arrivals, growing

PERIOD = 1.0  # seconds between two looks at the server
DRAIN = 30.0  # seconds that turns of an open loop may still take when the test is over


@dataclass(slots=True)
class Findings:
    """What was measured. `stopped`: why it ended before its end; empty: it did not."""

    collector: Collector
    begun: float  # seconds since the epoch
    stages: list[Measured] = field(default_factory=list)
    agents: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = ""
    requests: int = 0


@dataclass(slots=True)
class StressWatch:
    """Who looks on: is told what can stop the test, and of each stage when it is over."""

    ready: Callable[[Callable[[str], None], Collector], None] = lambda stop, collector: None
    stage: Callable[[Measured], None] = lambda found: None


class _Test:
    """One stress test under way."""

    def __init__(self, plan: Plan, budget: Budget, watch: StressWatch) -> None:
        self.plan = plan
        self.meter = EventMeter()
        self.cast = plan.cast(self.meter)
        self.mix = plan.deal(self.cast)
        self.replay = recorded(plan.replay, self.cast, plan.seed) if plan.replay else []
        self.budget = budget
        self.watch = watch
        self.looks: list[tuple[float, ServerReading]] = []

    async def run(self) -> Findings:
        async with opened(self.cast.agents), Scraper(self.plan.urls) as scraper:
            collector = Collector(self.meter, self.plan.slo, by_due=self.plan.open_, tick=self.plan.tick)
            findings = Findings(collector, time(), agents=[agent.describe() for agent in self.cast.agents])

            async def edge() -> None:
                if look := await scraper.look(whole=True):
                    self.looks.append((collector.now, look))

            chance = dice("stress", self.plan.seed)
            load = LoadGenerator(self.mix, self.cast, Room(collector, self.budget), self.plan.think, chance, edge)
            self.watch.ready(load.stop, collector)
            self.budget.begin()
            async with (
                run_in_background(_look(scraper, collector)),
                run_in_background(_tick(collector)),
                run_in_background(collector.watch()),
            ):
                try:
                    await self._go(load, findings)
                finally:
                    await load.abandon()
                    collector.close()
            if self.plan.open_:
                for timed in load.room.pending:
                    collector.unanswered(timed.due)
                findings.stages = self._stages(collector, self.plan.stages or [Stage(0, 0, collector.now, open_=True)])
            findings.stopped, findings.requests = load.stopped, self.budget.made
        return findings

    async def _go(self, load: LoadGenerator, findings: Findings) -> None:
        if self.plan.replay:
            await load.replay(self.replay, self.plan.speed)
        elif self.plan.open_:
            times = arrivals(self.plan.stages, self.plan.arrivals, dice("arrivals", self.plan.seed))
            await load.open(self.plan.stages, times)
        else:
            await self._closed(load, findings)
            return
        await load.drain(min(DRAIN, self.plan.timeout))

    async def _closed(self, load: LoadGenerator, findings: Findings) -> None:
        plan = self.plan
        swept = [Stage(each, each, plan.window, warmup=plan.warmup, adaptive=True) for each in plan.sweep]
        for number, stage in enumerate([*swept, *plan.stages]):
            await load.closed(stage, number)
            load.room.collector.turn_over()
            if found := self._stage(load.room.collector, number, stage):
                findings.stages.append(found)
                self.watch.stage(found)
            if load.over or (swept and not _goes_on(findings.stages)):
                return

    def _stages(self, collector: Collector, stages: Sequence[Stage]) -> list[Measured]:
        found = [self._stage(collector, number, stage) for number, stage in enumerate(stages)]
        return [each for each in found if each]

    def _stage(self, collector: Collector, number: int, stage: Stage) -> Measured | None:
        segment = collector.stage(number)
        if segment is None:
            return None
        parts = [each for each in collector.segments if each.stage == number and each.measured and each.seconds > 0]
        seen = [look for at, look in self.looks if segment.begin - PERIOD / 2 <= at <= segment.end + PERIOD / 2]
        return measured(stage, segment, parts, (seen[0], seen[-1]) if len(seen) > 1 else None)


async def stress(plan: Plan, budget: Budget, watch: StressWatch) -> Findings:
    """Make the load that a plan wants and measure it. Raises ClemsimError; what the infrastructure does wrong is counted."""
    return await _Test(plan, budget, watch).run()


def _goes_on(stages: Sequence[Measured]) -> bool:
    """Whether a sweep is worth another step: throughput still grows, and somebody is still answered."""
    rates = [each.data["output_tokens_per_second"] or 0.0 for each in stages]
    return bool(rates) and rates[-1] > 0 and growing(rates, WORTH, PATIENCE)


async def _look(scraper: Scraper, collector: Collector) -> None:
    while True:
        look = await scraper.look(whole=False)
        collector.look(look.load if look else None)
        await asyncio.sleep(PERIOD)


async def _tick(collector: Collector) -> None:
    while True:
        await asyncio.sleep(collector.tick)
        collector.turn_over()
