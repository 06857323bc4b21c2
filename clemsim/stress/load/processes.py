"""One load made by several processes, and measured as one: each keeps its share of every stage under way.

All begin at the same moment. What they counted is added up segment by segment, the n-th of a stage with the n-th; their
histograms merge exactly. Of the client's own health the worst process counts. Readings of the server are those of the first.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby, zip_longest
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from clemsim.engines.stream_timing import EventMeter
from clemsim.errors import ClemsimError, UsageError
from clemsim.stress.load.runner import Findings, StressWatch, measure_stage, stress
from clemsim.stress.measure.collector import Collector
from clemsim.stress.measure.segments import Segment
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage

SEEDS = 1_000_003  # between the seeds of two processes, so that no two have the same conversations
READY = 60.0  # seconds for all processes to begin


@dataclass(frozen=True, slots=True)
class ShareFindings:
    """What one process measured; `error` is what ended it."""

    segments: Sequence[Segment]
    findings: Findings | None
    error: ClemsimError | None = None
    by_model: Mapping[str, Sequence[Segment]] = field(default_factory=dict)  # of several models


async def stress_together(plan: Plan, processes: int, on_ready: Callable[[Callable[[], None]], None]) -> Findings:
    """Make the load of a plan in so many processes, and return what they measured together.

    `on_ready` gets what stops them. Raises UsageError for a load that cannot be shared out, and what a process raised.
    """
    shares = [share_of_plan(plan, number, processes) for number in range(processes)]
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    children, pipes = [], []
    for share in shares:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_make_share, args=(share, barrier, theirs), daemon=True)
        child.start()
        theirs.close()
        children.append(child)
        pipes.append(ours)
    on_ready(lambda: _interrupt(children))
    try:
        found = await asyncio.gather(*(asyncio.to_thread(_receive, pipe) for pipe in pipes))
    finally:
        for child in children:
            child.join(1)
            child.kill()
    return together(plan, found)


def share_of_plan(plan: Plan, number: int, processes: int) -> Plan:
    """Return the plan of one process. Raises UsageError where the load cannot be shared out."""
    if plan.sweep or plan.search or plan.replay or plan.check:
        raise UsageError(
            "--workers goes with --concurrency, --rate or --stage: give the steps as --stage 64:30s --stage 128:30s"
        )
    least = min((min(stage.first, stage.last) for stage in plan.stages if not stage.open_loop), default=processes)
    if least < processes:
        raise UsageError(f"--workers {processes}: a stage has fewer conversations than that")
    return replace(
        plan,
        stages=[_share(stage, number, processes) for stage in plan.stages],
        seed=plan.seed + SEEDS * number,
        max_requests=max(1, plan.max_requests // processes + (number < plan.max_requests % processes)),
    )


def together(plan: Plan, found: Sequence[ShareFindings]) -> Findings:
    """Return what several processes measured as one. Raises what one of them raised."""
    for share in found:
        if share.error:
            raise share.error
    shares = [share.findings for share in found if share.findings]
    collector = Collector(EventMeter(), plan.slo, by_due=plan.open_loop, tick=plan.tick)
    collector.segments = added_up([share.segments for share in found])
    for name in found[0].by_model:
        own = Collector(EventMeter(), plan.slo, by_due=plan.open_loop, tick=plan.tick)
        own.segments = added_up([share.by_model[name] for share in found])
        collector.by_model[name] = own
    first = shares[0]
    findings = Findings(
        collector,
        min(share.begun for share in shares),
        agents=first.agents,
        stopped=next((share.stopped for share in shares if share.stopped), ""),
        requests=sum(share.requests for share in shares),
    )
    measured = [measure_stage(plan, collector, number, stage, first.readings) for number, stage in enumerate(plan.stages)]
    findings.stages = [metrics for metrics in measured if metrics]
    return findings


def added_up(rows: Sequence[Iterable[Segment]]) -> list[Segment]:
    """Return the segments of several processes as those of one: in each stretch of one kind the n-th of all together."""
    stretches = [[list(some) for _, some in groupby(row, key=lambda each: (each.stage, each.measured))] for row in rows]
    total = []
    for alike in zip_longest(*stretches, fillvalue=()):
        for several in zip_longest(*alike):
            total.append(side_by_side([segment for segment in several if segment is not None]))
    return total


def side_by_side(segments: Sequence[Segment]) -> Segment:
    """Return segments of the same time, of several processes, as one."""
    first, count = segments[0], len(segments)
    whole = Segment(sum(each.begin for each in segments) / count, first.stage, first.measured)
    for each in segments:
        whole.merge(each)
    whole.end = sum(each.end for each in segments) / count
    whole.cpu = max(each.cpu for each in segments)
    return whole


def _share(stage: Stage, number: int, processes: int) -> Stage:
    if stage.open_loop:
        return replace(stage, first=stage.first / processes, last=stage.last / processes)
    ends = [(round(load) + number) // processes for load in (stage.first, stage.last)]  # they add up to the load
    return replace(stage, first=ends[0], last=ends[1])


def _interrupt(children: Iterable[Any]) -> None:
    """Tell all processes to stop and to report."""
    for child in children:
        with suppress(OSError):
            child.terminate()


def _receive(pipe: Connection) -> ShareFindings:
    try:
        found: ShareFindings = pipe.recv()
    except EOFError:
        return ShareFindings((), None, ClemsimError("a process of the load ended: is the machine short of memory?"))
    return found


def _make_share(plan: Plan, barrier: Barrier, pipe: Connection) -> None:
    """Make one share of the load, in a process of its own, and send what was measured."""
    try:
        findings = asyncio.run(_stress(plan, barrier))
        collector = findings.collector
        by_model = {name: own.segments for name, own in collector.by_model.items()}
        kept = replace(findings, collector=None)  # type: ignore[arg-type]
        found = ShareFindings(collector.segments, kept, by_model=by_model)
    except ClemsimError as error:
        barrier.abort()
        found = ShareFindings((), None, error)
    pipe.send(found)
    pipe.close()


async def _stress(plan: Plan, barrier: Barrier) -> Findings:
    loop = asyncio.get_running_loop()

    def ready(stop: Callable[[str], None], collector: Collector) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, "it was stopped")

    await asyncio.to_thread(barrier.wait, READY)
    return await stress(plan, Budget(plan.max_requests, plan.max_seconds), StressWatch(ready))
