"""The making of a report, and the writing of its files."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from clemsim.stress.load.runner import Findings
from clemsim.stress.measure.knee import Knee, Step, find_knee
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.measure.timeline import timeline
from clemsim.stress.measure.verdict import AnswerVerdict
from clemsim.stress.plan.plan import Plan
from clemsim.stress.report.sentences import sentences
from clemsim.stress.report.stress_report import FORMAT, StressReport, Versions


def _knee(stages: Sequence[StageMetrics]) -> Knee | None:
    steps = [Step(stage.load, stage.rates, stage.in_flight) for stage in stages]
    return find_knee(sorted(steps, key=lambda step: step.concurrency))


def make_report(plan: Plan, findings: Findings | None, answers: AnswerVerdict | None) -> StressReport:
    """Return the report of a plan; `findings` of the load and the verdict on `answers` are None where not wanted."""
    stages = tuple(findings.stages) if findings else ()
    report = StressReport(
        clemsim_stress=FORMAT,
        made=Versions(clemsim=version("clemsim"), python=platform.python_version(), platform=platform.platform()),
        begun=datetime.fromtimestamp(findings.begun, UTC).isoformat(timespec="seconds") if findings else None,
        plan=plan.reported(),
        agents=tuple(findings.agents) if findings else (),
        requests=findings.requests if findings else None,
        stopped=findings.stopped if findings else "",
        stages=stages,
        knee=_knee(stages) if plan.sweep or plan.search else None,
        timeline=timeline(findings.collector.segments) if findings else (),
        answers=answers,
        sentences=(),
        **({"replayed": findings.replayed} if findings and findings.replayed else {}),
    )
    return report.model_copy(update={"sentences": tuple(sentences(report))})
