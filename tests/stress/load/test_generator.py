"""Load on a simulated server: whatever the shape of the load, what is measured is what the server does."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from socket import create_server
from typing import Any

import aiohttp
import orjson
import pytest

from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import Unauthorized, UsageError
from clemsim.runs import run
from clemsim.store.config import RunConfig
from clemsim.stress.load import runner
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.measure.records import RecordFile, read_records
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.shapes import Stage, ThinkTime
from clemsim.stress.plan.slo import Slo
from tests.engines.servers import FakeServer, says, serving
from tests.stress.servers import FAST, load, short_plan

# A server that answers one turn after another, each in a tenth of a second: ten a second.
SLOW = Spec(model="fake", seats=1, first_token=0.1, interval=0.0, prefill=1e9)


async def one_stage(**plan: Any) -> StageMetrics:
    """Load a server by a plan of one stage, and return its metrics."""
    (stage,) = (await load(**plan)).stages
    return stage


async def test_a_closed_loop_keeps_its_number_of_conversations_under_way() -> None:
    findings = await load(stages=[Stage(3, 3, 0.5, warmup=0.2)])
    (stage,) = findings.stages
    assert stage.label == "3" and 2.7 < stage.under_way <= 3.01 and 2.5 < stage.in_flight <= 3.01
    assert stage.turns > 10 and stage.error_share == 0 and not findings.stopped
    assert stage.tokens_out_per_turn == 10
    assert stage.latency.ttft.p50 and stage.latency.ttft.p50 >= FAST.first_token
    assert stage.latency.turn.n == stage.turns and stage.latency.itl.n == 9 * stage.turns
    assert stage.games.played == 100 and stage.conversations > 1


async def test_the_server_s_own_metrics_stand_beside_the_client_s() -> None:
    stage = await one_stage(stages=[Stage(8, 8, 2.5, warmup=0.2)])
    server = stage.server
    assert server and 0 < server.running <= 4 and 0 < server.waiting <= 8  # 8 turns at once, 4 places
    assert server.preemptions == 0 and server.prefix_hit_share and 0 < server.prefix_hit_share < 1 and server.kv_usage > 0
    assert set(server.latency) == {"ttft", "itl", "tpot", "turn", "queue"}
    assert server.latency["ttft"].n > 0
    low, high = server.latency["itl"].p50
    assert low is not None and high is not None and low < high


async def test_a_sweep_ends_by_itself_and_reports_each_stage_when_it_is_over() -> None:
    labels: list[str] = []
    server = SimulatedServer(FAST)
    async with server.serving():
        plan = short_plan(server.url, sweep=[1, 2, 4, 8, 16, 32, 64, 128])
        watch = StressWatch(stage=lambda stage: labels.append(stage.label))
        findings = await stress(plan, Budget(100_000, 60.0), watch)
    assert labels == [stage.label for stage in findings.stages] == ["1", "2", "4", "8", "16", "32", "64"][: len(labels)]
    waits = {stage.label: stage.latency.ttft.p50 or 0.0 for stage in findings.stages}
    assert waits["8"] > 1.4 * waits["1"]


async def test_conversations_of_an_open_loop_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_DRAIN", 0.5)
    rate = Stage(40, 40, 0.5, open_loop=True)
    findings = await load(SLOW, stages=[rate], arrivals="constant", options={"talk": {"turns": "1"}})
    (stage,) = findings.stages
    assert findings.requests == 19 and stage.label == "40/s"
    # A server that cannot keep up is not let off: what it has not answered at the end of the drain is counted.
    assert stage.turns + stage.unanswered == 19 and stage.unanswered >= 1 and stage.errors == {}
    assert stage.error_share == pytest.approx(stage.unanswered / 19)
    # The last turns in the queue waited for all before them, although the server answers each in a tenth of a second.
    assert stage.latency.ttft.p99 and stage.latency.ttft.p99 > 0.4


async def test_a_turn_that_lasts_longer_than_the_timeout_fails_and_is_not_without_an_answer() -> None:
    rate = Stage(40, 40, 0.5, open_loop=True)
    stage = await one_stage(spec=SLOW, stages=[rate], arrivals="constant", options={"talk": {"turns": "1"}}, timeout=0.5)
    assert set(stage.errors) == {"timeout"} and stage.unanswered == 0
    assert stage.turns + stage.errors["timeout"] == 19


async def test_think_time_is_no_latency() -> None:
    stage = await one_stage(
        stages=[Stage(20, 20, 1.0, open_loop=True)], think=ThinkTime(0.1), options={"talk": {"turns": "3"}}, max_tokens=2
    )
    assert stage.latency.turn.p50 and stage.latency.turn.p50 < 0.09
    assert stage.latency.conversation.p50 and stage.latency.conversation.p50 > 0.25


async def test_stages_and_ramps_follow_each_other() -> None:
    stages = (await load(stages=[Stage(1, 1, 0.3), Stage(1, 4, 0.6), Stage(4, 4, 0.3)])).stages
    assert [stage.label for stage in stages] == ["1", "1..4", "4"]
    assert stages[0].under_way < stages[1].under_way < stages[2].under_way
    assert all(stage.begin < later.begin for stage, later in pairwise(stages))


@pytest.mark.parametrize(
    ("faults", "cause"),
    [
        (Faults(busy=1.0), "busy"),
        (Faults(error=1.0), "unavailable"),
        (Faults(reset=1.0), "unavailable"),
        (Faults(cut=1.0), "unavailable"),
    ],
)
async def test_faults_are_counted_by_cause_and_not_hammered_at(faults: Faults, cause: str) -> None:
    stage = await one_stage(faults=faults, stages=[Stage(2, 2, 0.5)])
    assert set(stage.errors) == {cause} and 2 <= stage.errors[cause] <= 12
    assert stage.turns == 0 and stage.error_share == 1 and stage.latency.ttft.p50 is None


async def test_a_sweep_does_not_go_on_at_a_server_that_answers_nothing() -> None:
    findings = await load(faults=Faults(error=1.0), sweep=[1, 2, 4, 8])
    assert len(findings.stages) == 1


async def test_goodput_counts_turns_that_meet_the_slo() -> None:
    loose = await one_stage(stages=[Stage(2, 2, 0.4)], slo=Slo.parse("ttft=10s,turn=10s"))
    tight = await one_stage(stages=[Stage(2, 2, 0.4)], slo=Slo.parse("ttft=1ms"))
    assert loose.slo_share == 1 and tight.slo_share == 0
    assert loose.goodput == loose.turns_per_second and tight.goodput == 0


async def test_no_more_requests_are_made_than_allowed() -> None:
    findings = await load(budget=Budget(7, 60.0), stages=[Stage(3, 3, 30.0)])
    assert findings.requests == 7 and "--max-requests" in findings.stopped


async def test_a_test_lasts_no_longer_than_allowed() -> None:
    findings = await load(budget=Budget(100_000, 0.5), stages=[Stage(3, 3, 30.0)])
    assert "--max-seconds" in findings.stopped and findings.stages[0].turns > 0


async def test_what_was_measured_until_a_test_was_stopped_is_kept() -> None:
    def ready(stop: Any, collector: Any) -> None:
        asyncio.get_running_loop().call_later(0.6, stop, "it was stopped")

    closed = await load(ready=ready, stages=[Stage(2, 2, 30.0)])
    assert closed.stopped == "it was stopped" and closed.stages[0].turns > 0
    opened = await load(ready=ready, stages=[Stage(20, 20, 30.0, open_loop=True)])
    assert opened.stopped and opened.stages[0].turns > 0


async def test_a_wrong_key_ends_a_test_at_once() -> None:
    server = FakeServer(faults=[says(401)] * 50)
    async with serving(server):
        plan = short_plan(server.url, forced_length=False, stages=[Stage(2, 2, 20.0)])
        with pytest.raises(Unauthorized):
            await stress(replace(plan, agents=[f"tiny@{server.url}"]), Budget(100, 60.0), StressWatch())


async def test_a_recorded_run_is_played_again_with_its_timing(tmp_path: Path) -> None:
    server = SimulatedServer(FAST)
    async with server.serving():
        config = RunConfig(agents=(f"fake@{server.url}",), arenas=("taboo",), instances=2, width=2, suite="quick")
        summary = await run.play(config, tmp_path / "run")
        plan = short_plan(server.url, forced_length=False, replay=tmp_path / "run", speed=2.0)
        findings = await stress(plan, Budget(1000, 60.0), StressWatch())
        baseline = RunConfig(agents=("baseline",), arenas=("taboo",), instances=1, suite="quick")
        await run.play(baseline, tmp_path / "none")
        with pytest.raises(UsageError, match="no timing"):
            await stress(replace(plan, replay=tmp_path / "none"), Budget(10, 10.0), StressWatch())
    (stage,) = findings.stages
    assert stage.turns >= summary.throughput.requests == findings.requests
    assert stage.conversations == summary.arenas["taboo"].episodes


async def test_every_request_has_a_row(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    rows: list[Any] = []
    for name in ("r.parquet", "r.jsonl"):
        server = SimulatedServer(FAST, faults=Faults(cut=0.2))
        async with server.serving():
            with RecordFile(tmp_path / name) as records:
                plan = short_plan(server.url, stages=[Stage(4, 4, 0.4, warmup=0.15)], gpus=2.0)
                findings = await stress(plan, Budget(1000, 30.0), StressWatch(records=records))
        path = tmp_path / name
        rows = (
            pq.read_table(path).to_pylist()
            if name.endswith("parquet")
            else list(map(orjson.loads, path.read_bytes().splitlines()))
        )
        failed = [row for row in rows if row["error"]]
        segments = findings.collector.segments
        assert len(rows) - len(failed) == sum(segment.turns for segment in segments) > 5
        assert len(failed) == sum(segment.failed.total() for segment in segments)
        measured = [row for row in read_records(path) if row["measured"]]
        assert len(measured) == findings.stages[0].turns + sum(findings.stages[0].errors.values()) < len(rows)
        good = next(row for row in rows if not row["error"])
        assert good["due"] <= good["sent"] <= good["first"] <= good["last"] and good["tokens_out"] == 10
        assert good["finish_reason"] == "length" and good["model"] == "fake"
    stage = findings.stages[0]
    assert stage.finish_reasons == {"length": stage.turns} and stage.tokens_per_second_per_gpu
    assert stage.output_length and (stage.output_length.least, stage.output_length.greatest) == (10, 10)
    with pytest.raises(UsageError, match="already exists"):
        RecordFile(tmp_path / "r.jsonl")


async def test_the_figures_so_far_are_served_to_prometheus_and_gateways_may_hide_the_server_s(tmp_path: Path) -> None:
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    server = SimulatedServer(FAST, faults=Faults(error=0.1))
    async with server.serving(), aiohttp.ClientSession() as session:
        pages = [f"{server.url}/metrics?of=all"]
        plan = short_plan(server.url, stages=[Stage(4, 4, 1.5)], metrics_urls=pages)
        testing = asyncio.ensure_future(stress(plan, Budget(1000, 30.0), StressWatch(metrics_port=port)))
        await asyncio.sleep(1.2)
        text = await (await session.get(f"http://127.0.0.1:{port}/metrics")).text()
        findings = await testing
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures["clemsim_stress_turns_total"]) > 0 and float(figures["clemsim_stress_output_tokens_total"]) > 0
    assert float(figures['clemsim_stress_ttft_seconds{quantile="0.5"}']) >= FAST.first_token
    assert any(name.startswith("clemsim_stress_failed_turns_total{cause=") for name in figures)
    assert findings.stages[0].server
