"""The report of a stress test, and its JSON file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import orjson
from pydantic import ValidationError

from clemsim._util.files import read_bytes
from clemsim.errors import UsageError
from clemsim.stress.load.runner import ReplayedTrace
from clemsim.stress.measure.knee import Knee
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.measure.timeline import TimelineRow
from clemsim.stress.measure.verdict import AnswerVerdict
from clemsim.stress.plan.plan import ReportedPlan
from clemsim.stress.stress_result import StressResult

FORMAT = 1  # of the JSON


class Versions(StressResult):
    """The software that made a report."""

    clemsim: str
    python: str
    platform: str


class StressReport(StressResult):
    """All that a stress test reports. Times in seconds, shares 0..1.

    `begun` is a UTC time in ISO format and `requests` the number of requests; both are None, and `stages` and `timeline`
    empty, if the test made no load. `stopped` says why the load ended early. `knee` is None without a sweep, `answers`
    without a check. `sentences` say what a reader should know first.
    """

    clemsim_stress: int
    made: Versions
    begun: str | None
    plan: ReportedPlan
    agents: tuple[Mapping[str, object], ...]  # as each describes itself
    requests: int | None
    stopped: str
    stages: tuple[StageMetrics, ...]
    knee: Knee | None
    timeline: tuple[TimelineRow, ...]
    answers: AnswerVerdict | None
    sentences: tuple[str, ...]
    replayed: ReplayedTrace | None = None
    gates: tuple[Mapping[str, object], ...] = ()  # the conditions of --fail-if, judged

    @property
    def models(self) -> str:
        """Return the models that were loaded; the SPECs of the agents if no load was made."""
        return ", ".join(str(agent.get("model", agent.get("name", ""))) for agent in self.agents) or ", ".join(
            self.plan.agents
        )

    @property
    def by_load(self) -> dict[str, StageMetrics]:
        """Return the stages by load; a load that comes again has its number behind it."""
        stages: dict[str, StageMetrics] = {}
        seen = Counter[str]()
        for stage in self.stages:
            seen[stage.label] += 1
            again = seen[stage.label]
            stages[stage.label if again == 1 else f"{stage.label} ({again})"] = stage
        return stages

    @property
    def ended_early(self) -> bool:
        """Return whether the load or the check of answers ended before its end."""
        return bool(self.stopped or (self.answers and self.answers.stopped))

    def to_json(self) -> bytes:
        """Return the JSON that users read."""
        return orjson.dumps(self.json_data(), option=orjson.OPT_INDENT_2)


def read_report(path: Path) -> StressReport:
    """Read a report from its JSON file. Raise UsageError with one line if the file holds none."""
    try:
        data = orjson.loads(read_bytes(path))
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no report of a stress test: it is not JSON") from error
    if not isinstance(data, dict) or data.get("clemsim_stress") != FORMAT:
        raise UsageError(f"{path} is no report of a stress test that this clemsim can read: give a report.json")
    try:
        return StressReport.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path} is a damaged report of a stress test: {where}: {first['msg']}") from error


def report_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of `report.json`.

    The promise: within one number `clemsim_stress`, fields are added, never taken away, renamed or given another meaning.
    """
    title = f"Report of clemsim stress, format {FORMAT}"
    top = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return StressReport.model_json_schema(mode="serialization") | top
