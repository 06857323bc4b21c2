"""A fixed input for reports: three stress tests whose every number is known beforehand.

`golden/` holds what the code of commit f472347, which had no typed results, made of the same input, but for the check of
answers, whose intervals and tests have become those of every comparison since (`earlier.json` is a report of before).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import Buckets
from clemsim.engines.stream_timing import EventMeter
from clemsim.game.events import Replied
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import StreamTiming, Usage
from clemsim.game.outcomes import Outcome
from clemsim.stress.load.runner import Findings
from clemsim.stress.measure.collector import Collector
from clemsim.stress.measure.paired_measures import Pair, PlayedEpisode
from clemsim.stress.measure.segments import Segment
from clemsim.stress.measure.server_metrics import HISTOGRAMS, ServerReading
from clemsim.stress.measure.stage_metrics import stage_metrics
from clemsim.stress.measure.verdict import judge
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage, ThinkTime
from clemsim.stress.plan.slo import Slo
from clemsim.stress.report.report import make_report
from clemsim.stress.report.stress_report import StressReport, Versions

BEGUN = 1_795_000_000.0  # seconds since the epoch
URL = "http://127.0.0.1:8000/v1"
SEATS = 16  # requests that the imagined server answers at once
SLO = Slo.parse("ttft=150ms,turn=1s,conversation=10s")
SWEEP = [1, 4, 16, 64, 128]
RATES = [Stage(5.0, 5.0, 4.0, open_loop=True, warmup=1.0), Stage(5.0, 20.0, 4.0, open_loop=True)]


def fixed_reports() -> dict[str, StressReport]:
    """Return the reports by name, without the versions of this machine."""
    reports = {
        "sweep": make_report(sweep_plan(), sweep_findings(), judge(pairs(60, worse=True), 64, 2)),
        "rates": make_report(rates_plan(), rates_findings(), judge({}, 8, 5, "stopped")),
        "check": make_report(check_plan(), None, judge(pairs(12), 16, 0)),
    }
    versions = Versions(clemsim="", python="", platform="")
    return {name: report.model_copy(update={"made": versions}) for name, report in reports.items()}


def sweep_plan() -> Plan:
    """Return a sweep of two games."""
    return Plan(
        [f"fake@{URL}", "judge=baseline"], [URL], sweep=SWEEP, mix={"talk": 2.0, "recall": 1.0}, slo=SLO, forced_length=True
    )


def rates_plan() -> Plan:
    """Return a plan of conversations that arrive at rates, with think times and options."""
    return Plan(
        [f"fake@{URL}"],
        [URL],
        stages=RATES,
        arrivals="constant",
        think=ThinkTime(2.0, spread=True),
        mix={"talk": 1.0},
        options={"talk": {"turns": "8"}},
        seed=7,
    )


def check_plan() -> Plan:
    """Return a check of answers without load."""
    return Plan([f"fake@{URL}"], [URL], check=16, episodes=12, mix={"recall": 1.0})


def sweep_findings() -> Findings:
    """Return five steps at a server that reports its metrics; the client spoils the last step."""
    findings = _findings(sweep_plan(), by_due=False)
    findings.requests = 4321
    for number, (concurrency, begin) in enumerate(zip(SWEEP, range(0, 100, 6), strict=False)):
        stage = Stage(concurrency, concurrency, 4.0, warmup=1.0, adaptive=True)
        lag = 0.03 if concurrency == SWEEP[-1] else 0.0001
        parts = [
            _segment(begin + 0.97 * index, number, concurrency, measured=index > 0, lag=lag, slo=SLO) for index in range(5)
        ]
        findings.collector.segments += parts
        _add_stage(findings, stage, parts[1:], (_reading(begin + 1), _reading(begin + 5)))
    return findings


def rates_findings() -> Findings:
    """Return two open stages that ended early, with failures; the server reports gauges, and only in the second stage."""
    findings = _findings(rates_plan(), by_due=True)
    findings.requests, findings.stopped = 99, "it was stopped"
    for number, stage in enumerate(RATES):
        parts = [
            _segment(
                4.0 * number + index, number, 8 + 8 * number, measured=True, lag=0.0, slo=Slo(), with_gauges=number == 1
            )
            for index in range(4)
        ]
        parts[0].failed.update({"busy": 2, "timeout": 1})
        parts[3].unanswered += 3
        findings.collector.segments += parts
        _add_stage(findings, stage, parts, None)
    return findings


def pairs(count: int, *, worse: bool = False) -> dict[EpisodeKey, Pair]:
    """Return episodes alone and under load; with `worse`, two of three are aborted under load."""
    dice = random.Random(count)
    episodes = []
    for number in range(count):
        alone = _played(100.0 if dice.random() < 0.8 else 50.0, f"a{number}", "b")
        loaded = _played(None, "x", violations=2) if worse and number % 3 else _played(100.0, f"a{number}", "bc"[number % 2])
        episodes.append((alone, loaded))
    return {EpisodeKey("recall", str(number), 0, "fake"): pair for number, pair in enumerate(episodes)}


def _findings(plan: Plan, *, by_due: bool) -> Findings:
    collector = Collector(EventMeter(), plan.slo, by_due=by_due)
    collector.segments = []
    agents: list[Mapping[str, object]] = [
        {"name": "fake", "engine": "chat", "model": "fake", "sampling": {"temperature": 0.0, "max_tokens": 300}}
    ]
    return Findings(collector, BEGUN, agents=agents)


def _add_stage(
    findings: Findings, stage: Stage, parts: Sequence[Segment], readings: tuple[ServerReading, ServerReading] | None
) -> None:
    whole = Segment(parts[0].begin, parts[0].stage, measured=True)
    for part in parts:
        whole.merge(part)
    findings.stages.append(stage_metrics(stage, whole, parts, readings))


def _segment(
    begin: float, stage: int, concurrency: int, *, measured: bool, lag: float, slo: Slo, with_gauges: bool = True
) -> Segment:
    """Return a second of this many conversations at a server with `SEATS` seats, which may report its gauges."""
    dice = random.Random(f"{begin} {concurrency}")
    segment = Segment(begin, stage, measured=measured, end=begin + 0.97)
    segment.cpu, segment.in_flight, segment.under_way = 0.005 * concurrency, 0.9 * concurrency, 0.97 * concurrency
    turns = 3 * min(SEATS, concurrency)
    wait = 0.1 * max(1.0, concurrency / SEATS)
    for _ in range(turns):
        due = begin + dice.random()
        usage = Usage("fake", 1, 0.0, 0.5, tokens_in=100, tokens_out=10, tokens_cached=40)
        sent = due + 0.0002
        first = sent + wait * dice.uniform(0.8, 1.2)
        times = [first + 0.02 * index + 0.002 * dice.random() for index in range(10)]
        usage.timing = StreamTiming(sent, times, times[-1] + 0.001, 12)
        segment.add_turn(due, usage, slo)
    segment.events = round(12 * turns * dice.uniform(0.9, 1.1))
    segment.started, segment.ended = turns // 3, 0
    for number in range(turns // 3):
        outcome = Outcome.aborted("x", blame="a") if number % 5 == 4 else Outcome.success(100.0 - number)
        segment.add_conversation(1.0 + dice.random(), outcome, slo)
    for _ in range(19):
        segment.lag.add(lag * dice.uniform(0.9, 1.1))
    if with_gauges:
        segment.gauges.add(_load(begin))
    return segment


def _load(at: float) -> ServerLoad:
    count = int(at)
    return ServerLoad(
        min(SEATS, count), max(0, count - SEATS), 0.01 * count, count // 10, 4096, 100 * count, 40 * count, 90 * count
    )


def _reading(at: float) -> ServerReading:
    bounds = (0.01, 0.1, 0.5, float("inf"))
    histograms = {
        name: Buckets({bound: at * (index + 1) for index, bound in enumerate(bounds)}, 4 * at, 0.2 * at)
        for name in list(HISTOGRAMS)[:4]
    }
    return ServerReading(_load(at), histograms)


def _played(quality: float | None, *texts: str, violations: int = 0) -> PlayedEpisode:
    outcome = (
        Outcome.aborted("x", blame="a")
        if quality is None
        else Outcome("success" if quality == 100 else "failure", quality=quality)
    )
    return PlayedEpisode(outcome, tuple(Replied(turn, "a", text) for turn, text in enumerate(texts, 1)), violations)
