"""Gates for CI: conditions under which a test fails, judged on 95 % intervals, so that noise alone fails nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clemsim.errors import UsageError
from clemsim.results.intervals import Interval, Z
from clemsim.results.paired_tests import wilson
from clemsim.stress.measure.latency import LATENCY_NAMES, PERCENTS, LatencyName, Percent
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.durations import parse_duration
from clemsim.stress.report.compare import StressComparison
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.stress_result import StressResult

Verdict = Literal["passed", "failed", "inconclusive"]
Estimate = tuple[float, Interval | None]  # a value and its 95 % interval; None: the sample is too small for one
FAILED, INCONCLUSIVE = 3, 4  # exit codes
MIN_PARTS = 3

_GATE = re.compile(r"\s*([a-z/ 0-9]+?)\s*(?:@\s*([^<>\s]+))?\s*([<>])\s*(\S+)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition that fails a test: a figure `name` below, or else above, a `bound`; at the stage `at` alone, if given."""

    text: str
    name: str
    at: str | None
    below: bool
    bound: float

    @classmethod
    def parse(cls, text: str, names: Sequence[str]) -> Gate:
        """Read `slo<95%`, `errors>1%`, `ttft p99@8>500ms`. Raises UsageError; `names` are the figures there are."""
        match = _GATE.fullmatch(text)
        name = match[1].lower() if match else ""
        if not match or name not in names:
            raise UsageError(f"--fail-if {text}: give FIGURE<VALUE or FIGURE>VALUE, FIGURE one of {', '.join(names)}")
        return cls(text.strip(), name, match[2], match[3] == "<", _bound(text, name, match[4]))

    def judge(self, interval: Interval | None) -> Verdict:
        """Return whether a figure with this interval fails."""
        if interval is None:
            return "inconclusive"
        low, high = interval
        if self.below:
            return "failed" if high < self.bound else "passed" if low >= self.bound else "inconclusive"
        return "failed" if low > self.bound else "passed" if high <= self.bound else "inconclusive"


class JudgedGate(StressResult):
    """What became of a gate at one stage."""

    gate: str
    stage: str
    value: float | None
    interval: Interval | None
    verdict: Verdict


def _bound(text: str, name: str, value: str) -> float:
    number = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(%?)", value)
    if name.split()[0] in LATENCY_NAMES and " " in name:
        if number:
            raise UsageError(f"--fail-if {text}: give a time such as 500ms, or a ratio with --compare")
        return parse_duration(value, "--fail-if")
    if not number:
        raise UsageError(f"--fail-if {text}: give a number, or a share such as 95%")
    return float(number[1]) / (100 if number[2] else 1)


def _turns(stage: StageMetrics) -> int:
    return stage.turns + sum(stage.errors.values()) + stage.unanswered


def _slo(stage: StageMetrics) -> Estimate | None:
    if stage.slo_share is None:
        return None
    judged = _turns(stage) - stage.slo_undetermined
    return stage.slo_share, wilson(round(stage.slo_share * judged), judged)


def _errors(stage: StageMetrics) -> Estimate | None:
    turns = _turns(stage)
    return (stage.error_share, wilson(round(stage.error_share * turns), turns)) if turns else None


def _rate(stage: StageMetrics, value: float | None) -> Estimate | None:
    """Return a throughput with the interval of the mean of the stage's parts (normal approximation)."""
    if value is None:
        return None
    rates, count = stage.rates, len(stage.rates)
    mean = sum(rates) / count if count else 0.0
    if count < MIN_PARTS or not mean:
        return value, None
    half = Z * (sum((rate - mean) ** 2 for rate in rates) / (count - 1) / count) ** 0.5 / mean
    return value, (value * (1 - half), value * (1 + half))


def _percentile(name: LatencyName, percent: Percent) -> Callable[[StageMetrics], Estimate | None]:
    def estimate(stage: StageMetrics) -> Estimate | None:
        latency = stage.latency.named(name)
        value = latency.percentile(percent)
        return None if value is None else (value, latency.interval(percent))

    return estimate


FIGURES: Mapping[str, Callable[[StageMetrics], Estimate | None]] = {
    "slo": _slo,
    "errors": _errors,
    "tokens/s": lambda stage: _rate(stage, stage.output_tokens_per_second),
    "turns/s": lambda stage: _rate(stage, stage.turns_per_second),
    "goodput": lambda stage: _rate(stage, stage.goodput),
    **{f"{name} p{percent}": _percentile(name, percent) for name in LATENCY_NAMES for percent in PERCENTS},
}
KNEE = "knee"
RATIOS = ("tokens/s", "turns/s", "goodput", "ttft p50", "ttft p99", "itl p50", "itl p99", "turn p50", "turn p99")


def parse_gates(texts: Sequence[str]) -> list[Gate]:
    """Read the gates of one test. Raises UsageError."""
    return [Gate.parse(text, (*FIGURES, KNEE)) for text in texts]


def parse_ratio_gates(texts: Sequence[str]) -> list[Gate]:
    """Read the gates of a comparison, whose bounds are ratios B / A. Raises UsageError."""
    return [_ratio_gate(text) for text in texts]


def _ratio_gate(text: str) -> Gate:
    match = _GATE.fullmatch(text)
    if not match or match[1].lower() not in RATIOS or not re.fullmatch(r"\d*\.?\d+", match[4]):
        raise UsageError(f"--fail-if {text}: give FIGURE<RATIO or FIGURE>RATIO (B / A), FIGURE one of {', '.join(RATIOS)}")
    return Gate(text.strip(), match[1].lower(), match[2], match[3] == "<", float(match[4]))


def judge_report(gates: Sequence[Gate], report: StressReport) -> tuple[JudgedGate, ...]:
    """Judge every gate at every stage, or at the one that it names."""
    judged = []
    for gate in gates:
        if gate.name == KNEE:
            knee = report.knee if report.knee and report.knee.reached else None
            judged.append(_judged(gate, KNEE, (knee.concurrency, knee.interval) if knee else None))
            continue
        stages = [stage for stage in report.stages if gate.at in (None, stage.label)]
        judged += [_judged(gate, stage.label, FIGURES[gate.name](stage)) for stage in stages]
        judged += [] if stages else [_judged(gate, gate.at or "", None)]
    return tuple(judged)


def judge_comparison(gates: Sequence[Gate], comparison: StressComparison) -> tuple[JudgedGate, ...]:
    """Judge the ratios B / A of every stage that both tests have, or of the one that a gate names."""
    judged = []
    for gate in gates:
        stages = [stage for stage in comparison.stages if gate.at in (None, stage.label)]
        for stage in stages:
            name = next(name for name in stage.figures if gate.name in (name.lower(), name.lower().removeprefix("output ")))
            figure = stage.figures[name]
            judged.append(_judged(gate, stage.label, None if figure.ratio is None else (figure.ratio, figure.interval)))
        judged += [] if stages else [_judged(gate, gate.at or "", None)]
    return tuple(judged)


def _judged(gate: Gate, stage: str, estimate: Estimate | None) -> JudgedGate:
    value, interval = estimate or (None, None)
    return JudgedGate(gate=gate.text, stage=stage, value=value, interval=interval, verdict=gate.judge(interval))


def exit_code(judged: Sequence[JudgedGate]) -> int:
    """Return the exit code: 3 where a gate failed, else 4 where one is inconclusive, else 0."""
    verdicts = {gate.verdict for gate in judged}
    return FAILED if "failed" in verdicts else INCONCLUSIVE if "inconclusive" in verdicts else 0
