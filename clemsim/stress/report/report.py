"""The report of a stress test as JSON and CSV, and what it says in sentences."""

from __future__ import annotations

import csv
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Any

from clemsim._util.files import read_json
from clemsim.errors import UsageError
from clemsim.stress.load.runner import Findings
from clemsim.stress.measure.knee import Step, find_knee
from clemsim.stress.measure.segments import Segment
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.slo import Slo

FORMAT = 1
MOST_KEEP = 0.95  # of turns that must keep the SLO for a stage to be said to keep it

# Columns of `stages.csv`: name, and where it stands in a stage.
COLUMNS: dict[str, Sequence[str]] = {
    "stage": ("label",),
    "conversations": ("under_way",),
    "in_flight": ("in_flight",),
    "seconds": ("seconds",),
    "turns": ("turns",),
    "turns_per_second": ("turns_per_second",),
    "output_tokens_per_second": ("output_tokens_per_second",),
    "goodput_turns_per_second": ("goodput",),
    "slo_share": ("slo_share",),
    "error_share": ("error_share",),
    **{
        f"{name}_{what}_seconds": ("latency", name, what)
        for name in ("ttft", "itl", "tpot", "turn", "conversation")
        for what in ("mean", "p50", "p90", "p95", "p99")
    },
    **{f"{name}_n": ("latency", name, "n") for name in ("ttft", "itl", "tpot", "turn", "conversation")},
    "played_percent": ("games", "played"),
    "quality": ("games", "quality"),
    "server_running": ("server", "running"),
    "server_waiting": ("server", "waiting"),
    "server_kv_usage": ("server", "kv_usage"),
    "server_preemptions": ("server", "preemptions"),
    "server_prefix_hit_share": ("server", "prefix_hit_share"),
    "client_cpu": ("client", "cpu"),
    "client_lag_p99_seconds": ("client", "lag", "p99"),
    "client_late_p99_seconds": ("client", "late", "p99"),
    "spoiled": ("spoiled",),
}


def report(plan: Plan, findings: Findings | None, answers: dict[str, Any] | None) -> dict[str, Any]:
    """All of it. Times in seconds, shares 0..1, `at` since the beginning of the load."""
    stages = [each.data for each in findings.stages] if findings else []
    knee = find_knee([Step(each["load"], each["rates"]) for each in stages]) if plan.sweep else None
    found = {
        "clemsim_stress": FORMAT,
        "made": {"clemsim": version("clemsim"), "python": platform.python_version(), "platform": platform.platform()},
        "begun": datetime.fromtimestamp(findings.begun, UTC).isoformat(timespec="seconds") if findings else None,
        "plan": plan.describe(),
        "agents": findings.agents if findings else [],
        "requests": findings.requests if findings else None,
        "stopped": findings.stopped if findings else "",
        "stages": stages,
        "knee": asdict(knee) if knee else None,
        "timeline": timeline(findings.collector.segments) if findings else [],
        "answers": answers,
    }
    return {**found, "sentences": sentences(found)}


def sentences(found: Mapping[str, Any]) -> list[str]:
    """What a reader should know first."""
    stages = found["stages"]
    said = [_knee(found)] if found["plan"]["sweep"] and stages else []
    said += _slo(stages, Slo(found["plan"]["slo"])) if found["plan"]["slo"] and stages else []
    said += _client(stages)
    said += _faults(stages)
    if found["answers"]:
        said.append(_capital(found["answers"]["verdict"]) + ".")
    if found["stopped"]:
        said.append(f"The test ended early: {found['stopped']}; this is what was measured until then.")
    return said


def _knee(found: Mapping[str, Any]) -> str:
    knee, stages = found["knee"], found["stages"]
    if not knee:
        return "Too few steps were measured to name a knee."
    top = max(stages, key=lambda each: each["output_tokens_per_second"])
    if "throughput" in top["spoiled"]:
        return (
            f"The client is the limit: at {top['label']} conversations {top['spoiled']['throughput']}, "
            "so no knee of the server can be named; spread the load over several clients."
        )
    if not knee["reached"]:
        return (
            f"Throughput still grew at the last step ({stages[-1]['label']} conversations, "
            f"{stages[-1]['output_tokens_per_second']:.0f} output tokens/s): no knee up to there; sweep further."
        )
    low, high = knee["interval"]
    return (
        f"The knee is at {knee['concurrency']:.3g} conversations (95 % {low:.3g}..{high:.3g}): below it each adds "
        f"{knee['alone']:.3g} output tokens/s, above it the server gives {knee['rate']:.4g} output tokens/s in all "
        "and conversations wait for each other."
    )


def _slo(stages: Sequence[Mapping[str, Any]], slo: Slo) -> list[str]:
    judged = [each for each in stages if each["slo_share"] is not None]
    if not judged or not slo.of_turns:
        return []
    keep = [each for each in judged if each["slo_share"] >= MOST_KEEP]
    unit = "" if judged[0]["open"] else " conversations"
    if not keep:
        best = max(judged, key=lambda each: each["slo_share"])
        return [f"SLO ({slo}): no stage kept it; the best, {best['label']}{unit}, in {best['slo_share']:.1%} of turns."]
    most = max(keep, key=lambda each: each["load"])
    return [
        f"SLO ({slo}): kept by at least {MOST_KEEP:.0%} of turns at {most['label']}{unit} and at no more than that "
        f"({most['slo_share']:.1%}, goodput {most['goodput']:.3g} turns/s)."
    ]


def _client(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    limited = [each for each in stages if "throughput" in each["spoiled"]]
    spoiled = [each for each in stages if each["spoiled"] and each not in limited]
    said = []
    if limited:
        names = ", ".join(each["label"] for each in limited)
        said.append(f"At {names} the client was the limit, not the server ({limited[-1]['spoiled']['throughput']}).")
    if spoiled:
        names = ", ".join(each["label"] for each in spoiled)
        said.append(f"Some latencies at {names} are the client's own doing; they are marked with *.")
    return said


def _faults(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    causes: dict[str, int] = {}
    for each in stages:
        for cause, count in each["errors"].items():
            causes[cause] = causes.get(cause, 0) + count
    unanswered = sum(each["unanswered"] for each in stages)
    parts = [f"{count} {cause}" for cause, count in causes.items()]
    parts += [f"{unanswered} without an answer at the end"] if unanswered else []
    turns = sum(each["turns"] for each in stages) + sum(causes.values()) + unanswered
    return [f"{sum(causes.values()) + unanswered} of {turns} turns failed: {', '.join(parts)}."] if parts else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def timeline(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """One row for each stretch of time; what was not seen in it is None."""
    usual = median(each.seconds for each in segments)
    some = [each for each in segments if each.seconds > usual / 3]  # a remnant between two stages says nothing
    events = sum(each.turn_events for each in some)
    tokens = sum(each.tokens_out for each in some) / events if events else 0.0
    rows, before = [], None
    for each in some:
        load = each.gauges.last
        looked_up = load.prefix_queries - before.prefix_queries if load and before else 0
        rows.append(
            {
                "at": (each.begin + each.end) / 2,
                "seconds": each.seconds,
                "stage": each.stage,
                "measured": each.measured,
                "turns": each.turns,
                "output_tokens_per_second": each.events * tokens / each.seconds,
                "in_flight": each.in_flight / each.seconds,
                "under_way": each.under_way / each.seconds,
                "errors": each.failed.total() + each.unanswered,
                **{
                    f"{name}_p{percent}": each.latencies[name].percentile(percent)
                    for name in ("ttft", "itl", "turn")
                    for percent in (50, 99)
                },
                "server_running": each.gauges.running / each.gauges.looks if load else None,
                "server_waiting": each.gauges.waiting / each.gauges.looks if load else None,
                "server_kv_usage": each.gauges.kv_usage / each.gauges.looks if load else None,
                "server_preemptions": load.preemptions - before.preemptions if load and before else None,
                "server_prefix_hit_share": (load.prefix_hits - before.prefix_hits) / looked_up
                if load and before and looked_up > 0
                else None,
                "client_cpu": each.cpu / each.seconds,
                "client_lag_p99": each.lag.percentile(99),
            }
        )
        before = load or before
    return rows


def stages_csv(stages: Sequence[Mapping[str, Any]]) -> str:
    """One line for each stage."""
    return _csv([{name: _at(stage, path) for name, path in COLUMNS.items()} for stage in stages], list(COLUMNS))


def timeline_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line for each stretch of time."""
    return _csv(rows, list(rows[0]) if rows else [])


def _csv(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _at(stage: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = stage
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return "; ".join(found) if isinstance(found, Mapping) else found


def read_report(path: Path) -> dict[str, Any]:
    """A report that was written before. Raises UsageError."""
    found = read_json(path)
    if not isinstance(found, dict) or found.get("clemsim_stress") != FORMAT:
        raise UsageError(f"{path} is no report of a stress test that this clemsim can read: give a report.json")
    return found
