"""Trends: reports of equal load on equal stacks over time. Unlike tests are not joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import median

import orjson

from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.trend.found_reports import FoundReport

# The fields of a plan that make up the load. Tests that differ in one of them are in different trends; whatever else differs
# from one report to the next is a change of configuration within a trend.
LOAD = (
    *("agents", "urls", "sweep", "stages", "find", "replay", "arrivals", "think", "mix", "models", "options", "suite"),
    *("temperature", "max_tokens", "forced_length", "verbatim", "speed", "constrain"),
)
LONG_GAP = 3  # times the usual time between two reports
LEAST_GAPS = 3  # between reports, for there to be a usual one


@dataclass(frozen=True, slots=True)
class TrendEntry:
    """A report in its trend. `changes` name what else is configured than in the report before it."""

    path: Path
    begun: datetime
    report: StressReport
    stages: Mapping[str, StageMetrics]  # by load
    changes: Sequence[str]
    after_gap: bool

    @property
    def fastest(self) -> StageMetrics:
        """Return the stage of the greatest throughput."""
        return max(self.report.stages, key=lambda stage: stage.output_tokens_per_second)

    @property
    def error_share(self) -> float:
        """Return the share of all turns of all stages that failed."""
        failed = sum(sum(stage.errors.values()) + stage.unanswered for stage in self.report.stages)
        turns = failed + sum(stage.turns for stage in self.report.stages)
        return failed / turns if turns else 0.0


@dataclass(frozen=True)
class Trend:
    """The reports of one load on one stack, from the first to the last."""

    entries: Sequence[TrendEntry]

    @property
    def last(self) -> TrendEntry:
        """Return the newest report."""
        return self.entries[-1]

    @cached_property
    def loads(self) -> Sequence[str]:
        """Return the loads that at least half of its reports have measured, or else most, from the least to the greatest."""
        counts = Counter(label for entry in self.entries for label in entry.stages)
        enough = min(max(counts.values()), len(self.entries) / 2)
        loads = {label: stage.load for entry in self.entries for label, stage in entry.stages.items()}
        return sorted((label for label, count in counts.items() if count >= enough), key=loads.__getitem__)

    @property
    def alike(self) -> Sequence[TrendEntry]:
        """Return the reports before the newest whose configuration is still that of the newest."""
        begin = max((number for number, entry in enumerate(self.entries) if entry.changes), default=0)
        return self.entries[begin:-1]


def find_trends(found: Sequence[FoundReport]) -> list[Trend]:
    """Return the trends of reports that are in order; those with the newest report first."""
    groups: dict[bytes, list[FoundReport]] = {}
    for one in found:
        groups.setdefault(_load_and_stack(one.report), []).append(one)
    trends = [Trend(list(_entries(group))) for group in groups.values()]
    return sorted(trends, key=lambda trend: trend.last.begun, reverse=True)


def _load_and_stack(report: StressReport) -> bytes:
    plan = report.plan.json_data()
    load = {name: plan.get(name) for name in LOAD}
    return orjson.dumps([report.models, load], option=orjson.OPT_SORT_KEYS)


def _entries(group: Sequence[FoundReport]) -> Iterator[TrendEntry]:
    spans = [(later.begun - earlier.begun).total_seconds() for earlier, later in pairwise(group)]
    longest = LONG_GAP * median(spans) if len(spans) >= LEAST_GAPS else float("inf")
    before: dict[str, str] | None = None
    for number, one in enumerate(group):
        now = configuration(one.report)
        changes = [] if before is None else list(_changes(before, now))
        after_gap = number > 0 and spans[number - 1] > longest
        yield TrendEntry(one.path, one.begun, one.report, one.report.by_load, changes, after_gap)
        before = now


def configuration(report: StressReport) -> dict[str, str]:
    """Return all that is known of how a test was made, beside its load: by name, as text."""
    plan = {name: value for name, value in report.plan.json_data().items() if name not in LOAD}
    agents = [{name: value for name, value in agent.items() if name != "name"} for agent in report.agents]
    named = {"": plan, "made by": report.made.json_data(), **{f"agent {number}": a for number, a in enumerate(agents, 1)}}
    if len(agents) == 1:
        named["agent"] = named.pop("agent 1")
    return {f"{group} {name}".strip(): text for group, fields in named.items() for name, text in _flat(fields)}


def _flat(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from _flat(part, f"{where} {name}".strip())
    else:
        yield where, value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if old != new:
            yield f"{name}: {'not known' if old is None else old} → {'not known' if new is None else new}"
