"""Load on a simulated server: what is measured is what it does, whatever the shape of the load."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import Unauthorized, UsageError
from clemsim.runs import run
from clemsim.store.config import RunConfig
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.shapes import Stage, ThinkTime
from clemsim.stress.plan.slo import Slo
from tests.engines.servers import FakeServer, says, serving
from tests.stress.servers import FAST, load, planned


async def test_a_closed_loop_keeps_as_many_conversations_under_way_as_are_wanted() -> None:
    found = await load(stages=[Stage(3, 3, 0.5, warmup=0.2)])
    (stage,) = (each.data for each in found.stages)
    assert stage["label"] == "3" and 2.7 < stage["under_way"] <= 3.01 and 2.5 < stage["in_flight"] <= 3.01
    assert stage["turns"] > 10 and stage["error_share"] == 0 and not found.stopped
    assert stage["tokens_out_per_turn"] == 10
    assert stage["latency"]["ttft"]["p50"] >= FAST.first_token and stage["latency"]["turn"]["n"] == stage["turns"]
    assert stage["latency"]["itl"]["n"] == 9 * stage["turns"]
    assert stage["games"]["played"] == 100 and stage["conversations"] > 1


async def test_the_server_s_own_metrics_stand_beside_the_client_s() -> None:
    found = await load(stages=[Stage(8, 8, 2.5, warmup=0.2)])
    (stage,) = (each.data for each in found.stages)
    server = stage["server"]
    assert server["running"] == pytest.approx(4, abs=0.8) and server["waiting"] == pytest.approx(4, abs=0.8)
    assert server["preemptions"] == 0 and 0 < server["prefix_hit_share"] < 1 and server["kv_usage"] > 0
    assert set(server["latency"]) == {"ttft", "itl", "turn", "queue"}
    assert server["latency"]["ttft"]["n"] == pytest.approx(stage["turns"], rel=0.2)
    low, high = server["latency"]["itl"]["p50"]
    assert low <= FAST.interval <= high


async def test_a_sweep_ends_by_itself_and_knows_its_stages() -> None:
    seen: list[str] = []
    server = SimulatedServer(FAST)
    async with server.serving():
        plan = planned(server.url, sweep=[1, 2, 4, 8, 16, 32, 64, 128])
        found = await stress(plan, Budget(100_000, 60.0), StressWatch(stage=lambda each: seen.append(each.data["label"])))
    assert seen == [each.data["label"] for each in found.stages] == ["1", "2", "4", "8", "16", "32", "64"][: len(seen)]
    waits = {each.data["label"]: each.data["latency"]["ttft"]["p50"] for each in found.stages}
    assert waits["8"] > 1.4 * waits["1"]


async def test_conversations_of_an_open_loop_do_not_wait_for_each_other() -> None:
    slow = Spec(model="fake", seats=1, first_token=0.1, interval=0.0, prefill=1e9)
    found = await load(
        slow, stages=[Stage(40, 40, 0.5, open_=True)], arrivals="constant", options={"talk": {"turns": "1"}}, timeout=1.0
    )
    (stage,) = (each.data for each in found.stages)
    assert found.requests == 19 and stage["label"] == "40/s"
    assert stage["turns"] + stage["unanswered"] == pytest.approx(19, abs=1)
    assert stage["unanswered"] >= 1 and stage["error_share"] > 0  # a server that can't keep up is not let off
    # Whoever came late in the queue waited for all before, although the server answers each in a tenth of a second.
    assert stage["latency"]["ttft"]["greatest" if "greatest" in stage["latency"]["ttft"] else "p99"] > 0.4


async def test_think_time_is_no_latency() -> None:
    found = await load(
        stages=[Stage(20, 20, 1.0, open_=True)], think=ThinkTime(0.1), options={"talk": {"turns": "3"}}, max_tokens=2
    )
    (stage,) = (each.data for each in found.stages)
    assert stage["latency"]["turn"]["p50"] < 0.09 and stage["latency"]["conversation"]["p50"] > 0.25


async def test_stages_and_ramps_follow_each_other() -> None:
    found = await load(stages=[Stage(1, 1, 0.3), Stage(1, 4, 0.6), Stage(4, 4, 0.3)])
    stages = [each.data for each in found.stages]
    assert [each["label"] for each in stages] == ["1", "1..4", "4"]
    assert stages[0]["under_way"] < stages[1]["under_way"] < stages[2]["under_way"]
    assert all(row["begin"] < later["begin"] for row, later in pairwise(stages))


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
    found = await load(faults=faults, stages=[Stage(2, 2, 0.5)])
    (stage,) = (each.data for each in found.stages)
    assert set(stage["errors"]) == {cause} and 2 <= stage["errors"][cause] <= 12
    assert stage["turns"] == 0 and stage["error_share"] == 1 and stage["latency"]["ttft"]["p50"] is None


async def test_a_sweep_does_not_go_on_at_a_server_that_answers_nobody() -> None:
    found = await load(faults=Faults(error=1.0), sweep=[1, 2, 4, 8])
    assert len(found.stages) == 1


async def test_goodput_counts_turns_that_keep_the_slo() -> None:
    loose = await load(stages=[Stage(2, 2, 0.4)], slo=Slo.parse("ttft=10s,turn=10s"))
    tight = await load(stages=[Stage(2, 2, 0.4)], slo=Slo.parse("ttft=1ms"))
    assert loose.stages[0].data["slo_share"] == 1 and tight.stages[0].data["slo_share"] == 0
    assert (
        loose.stages[0].data["goodput"] == loose.stages[0].data["turns_per_second"] and tight.stages[0].data["goodput"] == 0
    )


async def test_no_more_is_asked_than_is_allowed() -> None:
    found = await load(budget=Budget(7, 60.0), stages=[Stage(3, 3, 30.0)])
    assert found.requests == 7 and "--max-requests" in found.stopped


async def test_it_lasts_no_longer_than_it_may() -> None:
    found = await load(budget=Budget(100_000, 0.5), stages=[Stage(3, 3, 30.0)])
    assert "--max-seconds" in found.stopped and found.stages[0].data["turns"] > 0


async def test_what_was_measured_until_it_was_stopped_is_kept() -> None:
    def ready(stop: Any, collector: Any) -> None:
        asyncio.get_running_loop().call_later(0.6, stop, "it was stopped")

    found = await load(ready=ready, stages=[Stage(2, 2, 30.0)])
    assert found.stopped == "it was stopped" and found.stages[0].data["turns"] > 0
    opened = await load(ready=ready, stages=[Stage(20, 20, 30.0, open_=True)])
    assert opened.stopped and opened.stages[0].data["turns"] > 0


async def test_a_wrong_key_ends_it_at_once() -> None:
    server = FakeServer(faults=[says(401)] * 50)
    async with serving(server):
        plan = planned(server.url, forced=False, stages=[Stage(2, 2, 20.0)])
        plan = type(plan)(**{**{name: getattr(plan, name) for name in plan.__slots__}, "agents": [f"tiny@{server.url}"]})
        with pytest.raises(Unauthorized):
            await stress(plan, Budget(100, 60.0), StressWatch())


async def test_a_recorded_run_is_played_again_with_its_timing(tmp_path: Path) -> None:
    server = SimulatedServer(FAST)
    async with server.serving():
        config = RunConfig(agents=(f"fake@{server.url}",), arenas=("taboo",), instances=2, width=2, suite="quick")
        summary = await run.play(config, tmp_path / "run")
        plan = planned(server.url, forced=False, replay=tmp_path / "run", speed=2.0)
        found = await stress(plan, Budget(1000, 60.0), StressWatch())
        baseline = RunConfig(agents=("baseline",), arenas=("taboo",), instances=1, suite="quick")
        await run.play(baseline, tmp_path / "none")
        with pytest.raises(UsageError, match="no timing"):
            await stress(planned(server.url, forced=False, replay=tmp_path / "none"), Budget(10, 10.0), StressWatch())
    (stage,) = (each.data for each in found.stages)
    assert stage["turns"] >= summary.throughput.requests == found.requests
    assert stage["conversations"] == summary.arenas["taboo"].episodes
