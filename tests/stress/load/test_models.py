"""Several models that are loaded together on one server."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clemsim.engines.simulated.server import SimulatedServer
from clemsim.engines.stream_timing import EventMeter
from clemsim.errors import UsageError
from clemsim.stress.games.recall import Clerk
from clemsim.stress.load.processes import ShareFindings, together
from clemsim.stress.load.runner import Findings, StressWatch, stress
from clemsim.stress.measure.records import RecordFile, read_records
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.model_mix import parse_models
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage
from clemsim.stress.report.csv_tables import models_csv
from clemsim.stress.report.html import html_page
from clemsim.stress.report.report import make_report
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.report.terminal import terminal_report
from tests.stress.report.test_report import terminal
from tests.stress.servers import FAST

URL = "http://127.0.0.1:1/v1"
SUMS = ("turns", "conversations", "output_tokens_per_second", "in_flight", "under_way", "unanswered")


def plan_of(*specs: str, **more: Any) -> Plan:
    """Return a plan that loads these models and is soon over."""
    usual: dict[str, Any] = {"mix": {"talk": 1.0}, "forced_length": True, "max_tokens": 8, "warmup": 0.1, "window": 0.8}
    return Plan(specs, [URL], **(usual | more))


async def measured(records: RecordFile | None = None, **more: Any) -> tuple[Plan, Findings]:
    """Load a server that serves two names."""
    server = SimulatedServer(replace(FAST, model="base", adapters=("lora",)), Clerk())
    async with server.serving():
        plan = plan_of(f"base@{server.url}", f"lora@{server.url}", **more)
        return plan, await stress(
            replace(plan, urls=[f"{server.url}/v1"]), Budget(100_000, 60.0), StressWatch(records=records)
        )


def test_of_all_conversations_each_model_has_its_share() -> None:
    plan = plan_of(f"a@{URL}", f"b@{URL}", f"c@{URL}", models={"a": 3.0, "b": 2.0})
    models = plan.make_models(EventMeter())
    mix = plan.make_model_mix(models)
    dealt = [mix.next() for _ in range(60)]
    assert Counter(each.cast.name for each in dealt) == {"a": 30, "b": 20, "c": 10}
    played = {name: [each.key.instance for each in dealt if each.cast.name == name][:10] for name in "abc"}
    assert played["a"] == played["b"] == played["c"], "models are not given the same conversations"


def test_events_of_a_model_are_counted_for_it_and_for_all() -> None:
    whole = EventMeter()
    one, other = (model.meter for model in plan_of(f"a@{URL}", f"b@{URL}").make_models(whole))
    one.count(b"data: 1\n\ndata: 2\n\n")
    other.count(b"data: 3\n\n")
    assert (one.events, other.events, whole.events) == (2, 1, 3)


def test_models_of_one_name_are_told_apart_and_seats_are_shared() -> None:
    specs = (f"a@{URL}", "a@http://127.0.0.1:2/v1", "judge=baseline")
    first, second = plan_of(*specs).make_models(EventMeter())
    assert (first.name, second.name) == specs[:2]
    assert {"judge"} == set(first.cast.seats) == set(second.cast.seats)


@pytest.mark.parametrize(
    ("specs", "more", "said"),
    [
        ([f"a@{URL}"], {"models": {"a": 1.0}}, "several plain --agent"),
        ([f"a@{URL}", f"b@{URL}"], {"models": {"c": 1.0}}, "choose among a, b"),
    ],
)
def test_shares_that_fit_no_model_are_refused(specs: list[str], more: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan_of(*specs, **more).make_models(EventMeter())


def test_checks_and_replays_have_one_model() -> None:
    with pytest.raises(UsageError, match="--check plays with one model"):
        plan_of(f"a@{URL}", f"b@{URL}", check=8)
    with pytest.raises(UsageError, match="--models b=0: give MODEL=WEIGHT"):
        parse_models("a=1,b=0")
    assert parse_models("org/a:1=2,b") == {"org/a:1": 2.0, "b": 1.0} and parse_models("") == {}


async def test_what_each_model_did_adds_up_to_the_whole() -> None:
    plan, findings = await measured(sweep=[4, 12], models={"base": 3.0, "lora": 1.0})
    assert [agent["model"] for agent in findings.agents] == ["base", "lora"]
    for stage in findings.stages:
        assert list(stage.models) == ["base", "lora"]
        for name in SUMS:
            parts = [getattr(model, name) for model in stage.models.values()]
            assert sum(parts) == pytest.approx(getattr(stage, name), rel=0.03, abs=1e-6), name
        assert sum(model.latency.ttft.n for model in stage.models.values()) == stage.latency.ttft.n
    base, lora = findings.stages[-1].models.values()
    assert base.turns > 1.5 * lora.turns
    report = make_report(plan, findings, None)
    again = StressReport.model_validate_json(report.to_json())
    assert again == report and again.plan.models == {"base": 3.0, "lora": 1.0} and "base, lora" in report.models
    _check_writing(report)


def _check_writing(report: StressReport) -> None:
    page, text = html_page(report, {}), terminal(terminal_report(report))
    assert "<h2>Models</h2>" in page and ">lora</td>" in page
    assert "lora" in text and max(map(len, text.splitlines())) <= 80
    lines = models_csv(report.stages).splitlines()
    assert len(lines) == 5 and lines[0].startswith("stage,model,") and lines[2].startswith("4,lora,")
    assert any("the models gave" in sentence and "; lora" in sentence for sentence in report.sentences)


async def test_unanswered_turns_and_failures_are_those_of_their_model(tmp_path: Path) -> None:
    stages = [Stage(30.0, 30.0, 0.6, open_loop=True)]
    with RecordFile(tmp_path / "r.jsonl") as records:
        _, findings = await measured(records, stages=stages, timeout=0.05, models={"base": 2.0})
    (stage,) = findings.stages
    assert sum(stage.errors.values()) > 0
    causes = sum((Counter(model.errors) for model in stage.models.values()), Counter[str]())
    assert causes == Counter(stage.errors)
    rows = [row["model"] for row in read_records(tmp_path / "r.jsonl") if row["error"]]
    assert Counter(rows) == {name: sum(model.errors.values()) for name, model in stage.models.items() if model.errors}


async def test_shares_of_several_processes_are_added_up_by_model() -> None:
    plan, findings = await measured(stages=[Stage(6, 6, 0.8, warmup=0.1)])
    collector = findings.collector
    share = ShareFindings(
        collector.segments, findings, by_model={name: own.segments for name, own in collector.by_model.items()}
    )
    twice = together(plan, [share, share])
    for name, model in twice.stages[0].models.items():
        assert model.turns == 2 * findings.stages[0].models[name].turns


async def test_a_test_of_one_model_says_nothing_of_models() -> None:
    server = SimulatedServer(FAST, Clerk())
    async with server.serving():
        plan = replace(plan_of(f"fake@{server.url}", sweep=[2]), urls=[f"{server.url}/v1"])
        findings = await stress(plan, Budget(1000, 60.0), StressWatch())
    assert not findings.stages[0].models and "models" not in findings.stages[0].json_data()
