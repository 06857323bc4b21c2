"""What is written of a stress test: JSON, CSV, the page, figures, the terminal, comparisons."""

from __future__ import annotations

import asyncio
import csv
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from clemsim._util.files import write_files
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import StoreError, UsageError
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.measure.stage_metrics import spoiled
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.slo import Slo
from clemsim.stress.report import charts
from clemsim.stress.report.compare import compare, shown
from clemsim.stress.report.html import page
from clemsim.stress.report.report import read_report, report, sentences, stages_csv, timeline_csv
from clemsim.stress.report.terminal import summary
from tests.stress.servers import FAST, planned


@pytest.fixture(scope="module")
def found() -> Any:
    """The report of a short sweep."""

    async def sweep() -> Any:
        server = SimulatedServer(FAST)
        async with server.serving():
            plan = planned(server.url, sweep=[1, 4, 16, 32], window=0.6, slo=Slo.parse("ttft=40ms"))
            return report(plan, await stress(plan, Budget(100_000, 60.0), StressWatch()), None)

    return orjson.loads(orjson.dumps(asyncio.run(sweep()), option=orjson.OPT_NON_STR_KEYS))


def terminal(renderable: Any) -> str:
    console = Console(width=80, record=True, force_terminal=False, file=StringIO())
    console.print(renderable)
    return console.export_text()


def test_the_report_says_what_was_found_in_sentences(found: Any) -> None:
    assert found["knee"] and found["knee"]["reached"]
    assert found["sentences"][0].startswith("The knee is at") and "SLO (ttft 40 ms)" in found["sentences"][1]
    assert found["plan"]["mix"] == {"talk": 1.0} and found["requests"] > 20 and found["begun"]
    rows = found["timeline"]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows) and {row["stage"] for row in rows} == {
        0,
        1,
        2,
        3,
    }
    assert sum(row["turns"] for row in rows if row["measured"]) == pytest.approx(
        sum(each["turns"] for each in found["stages"]), rel=0.1
    )


def test_tables_for_other_programs(found: Any) -> None:
    stages = list(csv.DictReader(StringIO(stages_csv(found["stages"]))))
    assert [row["stage"] for row in stages] == ["1", "4", "16", "32"]
    assert float(stages[0]["ttft_p50_seconds"]) == found["stages"][0]["latency"]["ttft"]["p50"]
    assert float(stages[2]["server_waiting"]) == found["stages"][2]["server"]["waiting"]
    times = list(csv.DictReader(StringIO(timeline_csv(found["timeline"]))))
    assert len(times) == len(found["timeline"]) and timeline_csv([]) == "\n"


def test_the_terminal_s_tables_fit_eighty_columns(found: Any) -> None:
    text = terminal(summary(found))
    assert max(map(len, text.splitlines())) <= 80
    assert "The knee is at" in text and "TTFT" in text and "…" not in text


def test_the_page_is_whole_and_trusts_nothing(found: Any) -> None:
    evil = deepcopy(found)
    evil["agents"] = [{"model": "<script>alert(1)</script>"}]
    evil["stages"][0]["label"] = "<b>1</b>"
    evil["sentences"].append('"><img src=x>')
    text = page(evil, {"throughput": "<svg></svg>"})
    assert "<script" not in text and "<b>" not in text and "<img" not in text and "&lt;script" in text
    assert "http" not in text.replace(evil["plan"]["urls"][0], "") and "<svg></svg>" in text
    assert "Client and server" in text and "The client&#x27;s own health" in text


def test_figures_are_drawn_with_units_and_the_knee(found: Any) -> None:
    figures = charts.figures(found)
    assert set(figures) == {"throughput", "latency", "timeline"}
    drawings = {name: charts.svg(chart) for name, chart in figures.items()}
    assert "knee:" in drawings["throughput"] and "output tokens a second" in drawings["throughput"]
    assert "(ms, log)" in drawings["latency"] and "seconds since the beginning" in drawings["timeline"]
    assert charts.png(figures["throughput"]).startswith(b"\x89PNG")


def test_a_single_stage_has_a_timeline_only(found: Any) -> None:
    one = {**found, "stages": found["stages"][:1], "knee": None}
    assert set(charts.figures(one)) == {"timeline"}
    assert charts.figures({**one, "timeline": []}) == {}


def test_figures_that_the_client_spoiled_are_named() -> None:
    def latency(value: float | None) -> dict[str, float | None]:
        return {f"p{percent}": value for percent in (50, 90, 95, 99)}

    values = {"ttft": latency(0.1), "itl": latency(0.02), "turn": latency(1.0)}
    calm = {"cpu": 0.5, "lag": latency(0.001), "late": latency(0.001)}
    assert spoiled(values, calm) == {}
    late = spoiled(values, calm | {"late": latency(0.02)})
    assert {name.split()[0] for name in late} == {"ttft"} and "20.0 ms late" in late["ttft p50"]
    lagging = spoiled(values, calm | {"lag": latency(0.003)})
    assert {name.split()[0] for name in lagging} == {"itl"}
    assert "throughput" in spoiled(values, calm | {"cpu": 0.97})
    assert "throughput" in spoiled(values, calm | {"lag": latency(0.05)})
    assert spoiled({**values, "ttft": latency(None)}, calm) == {}


def test_where_the_client_is_the_limit_no_knee_of_the_server_is_named(found: Any) -> None:
    mine = deepcopy(found)
    for stage in mine["stages"]:
        stage["spoiled"] = {"throughput": "the client used 97% of its core"}
    said = sentences(mine)
    assert said[0].startswith("The client is the limit") and not any("knee is at" in each for each in said)


def test_what_failed_and_what_ended_early_is_said(found: Any) -> None:
    poor = {**deepcopy(found), "stopped": "it was stopped"}
    poor["stages"][0]["errors"] = {"busy": 3}
    poor["stages"][1]["unanswered"] = 2
    text = " ".join(sentences(poor))
    assert "3 busy, 2 without an answer" in text and "ended early: it was stopped" in text


def test_a_report_can_be_compared_with_itself_and_with_a_faster_one(found: Any) -> None:
    same = compare(found, found)
    assert same["same_plan"] and all(
        figure["ratio"] == 1 for stage in same["stages"] for figure in stage["figures"].values() if figure["ratio"]
    )
    faster = deepcopy(found)
    for stage in faster["stages"]:
        stage["output_tokens_per_second"] *= 2
        stage["rates"] = [2 * rate for rate in stage["rates"]]
    faster["plan"]["seed"] = 5
    both = compare(found, faster)
    assert not both["same_plan"] and both["overall"]["output tokens/s"]["ratio"] == pytest.approx(2)
    low, high = both["stages"][0]["throughput_interval"]
    assert low <= 2 <= high
    text = terminal(shown(both, "a", "b"))
    assert "B / A" in text and "2.000" in text and max(map(len, text.splitlines())) <= 80


def test_what_is_no_report_is_said(found: Any, tmp_path: Path) -> None:
    good, bad, other = (tmp_path / name for name in ("good.json", "bad.json", "other.json"))
    good.write_bytes(orjson.dumps(found))
    bad.write_text("{")
    other.write_text("{}")
    assert read_report(good) == found
    for path in (bad, other, tmp_path / "none.json"):
        with pytest.raises(UsageError):
            read_report(path)
    with pytest.raises(StoreError):
        write_files(bad, {"x": "y"})
