"""Reports in aiperf's form."""

from __future__ import annotations

import asyncio
import csv
import os
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from clemsim._util.files import write_files
from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.measure.records import RecordFile, read_records
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.report.aiperf import aiperf_files, request_metrics, statistics
from clemsim.stress.report.report import make_report
from clemsim.stress.report.stress_report import StressReport
from tests.stress.report.fixed_input import fixed_reports
from tests.stress.servers import FAST, short_plan

AIPERF = os.environ.get("CLEMSIM_AIPERF", "")  # a command, beside which is its Python
CHECK = """
import pathlib, sys
from aiperf.common.models.export_models import JsonExportData
from aiperf.common.models.record_models import MetricRecordInfo
for path in pathlib.Path(sys.argv[1]).rglob("profile_export*.json*"):
    model = JsonExportData if path.suffix == ".json" else MetricRecordInfo
    for text in [path.read_text()] if path.suffix == ".json" else path.read_text().splitlines():
        model.model_validate_json(text)
"""
ROW = {
    "stage": 0,
    "measured": True,
    "due": 1.0,
    "sent": 1.5,
    "first": 1.6,
    "last": 2.0,
    "error": None,
    "tokens_in": 50,
    "tokens_out": 5,
    "tokens_cached": 16,
}


async def measured(folder: Path, **more: Any) -> tuple[StressReport, list[dict[str, Any]]]:
    """Load a server, and return the report and the records."""
    server = SimulatedServer(FAST, faults=Faults(cut=0.1))
    async with server.serving():
        plan = short_plan(server.url, sweep=[2, 8], window=0.5, **more)
        with RecordFile(folder / "r.jsonl") as records:
            report = make_report(plan, await stress(plan, Budget(100_000, 60.0), StressWatch(records=records)), None)
    return report, read_records(folder / "r.jsonl")


async def test_a_stage_is_a_folder_of_its_measured_requests(tmp_path: Path) -> None:
    report, rows = await measured(tmp_path, gpus=2.0)
    files = aiperf_files(report, rows)
    assert len(files) == 6
    for label, stage in report.by_load.items():
        lines = [orjson.loads(line) for line in bytes(files[f"{label}/profile_export.jsonl"]).splitlines()]  # type: ignore[arg-type]
        failed = [line for line in lines if "error" in line]
        assert len(lines) - len(failed) == stage.turns and len(failed) == sum(stage.errors.values())
        assert all(line["metadata"]["request_end_ns"] >= line["metadata"]["request_start_ns"] for line in lines)
        summary = orjson.loads(files[f"{label}/profile_export_aiperf.json"])
        assert summary["request_count"]["avg"] == stage.turns == summary["time_to_first_token"]["count"]
        assert summary["time_to_first_token"]["avg"] <= 1000 * (stage.latency.ttft.mean or 0), "sent before it was due"
        assert summary["inter_token_latency"]["avg"] == pytest.approx(1000 * (stage.latency.tpot.mean or 0), rel=0.01)
        assert summary["output_token_throughput"]["avg"] == stage.output_tokens_per_second
        assert summary["output_token_throughput_per_gpu"]["avg"] == stage.tokens_per_second_per_gpu
        assert sum(error["count"] for error in summary["error_summary"]) == len(failed)
        assert summary["input_config"]["phases"][0]["concurrency"] == stage.load


def test_metrics_of_a_request_run_from_when_it_was_sent() -> None:
    metrics = request_metrics(ROW)
    assert metrics["time_to_first_token"] == pytest.approx(100) and metrics["request_latency"] == pytest.approx(500)
    assert metrics["inter_token_latency"] == pytest.approx(100) and metrics["usage_total_tokens"] == 55
    assert metrics["prefill_throughput_per_user"] == pytest.approx(500)
    assert "inter_token_latency" not in request_metrics(ROW | {"tokens_out": 1})
    assert request_metrics(ROW | {"error": "busy"}) == {}
    assert "request_latency" not in request_metrics(ROW | {"first": None, "last": None})


def test_statistics_are_those_of_aiperf() -> None:
    found = statistics([4, 1, 2, 3])
    assert (found["avg"], found["p50"], found["p25"], found["p99"], found["sum"]) == (
        2.5,
        2.5,
        1.75,
        pytest.approx(3.97),
        10,
    )
    assert found["std"] == pytest.approx(1.25**0.5) and (found["min"], found["max"], found["count"]) == (1, 4, 4)
    assert statistics([7])["p99"] == 7 and statistics([7])["std"] == 0


def test_without_records_there_is_what_the_report_knows() -> None:
    files = aiperf_files(fixed_reports()["rates"])
    assert set(files) == {f"{load}/profile_export_aiperf.{kind}" for load in ("5_s", "5..20_s") for kind in ("json", "csv")}
    summary, stage = orjson.loads(files["5_s/profile_export_aiperf.json"]), fixed_reports()["rates"].stages[0]
    assert summary["request_latency"]["p99"] == pytest.approx(1000 * (stage.latency.turn.p99 or 0))
    assert summary["was_cancelled"] and summary["input_config"]["phases"][0]["type"] == "constant"
    assert "p1" not in summary["request_latency"] and summary["error_request_count"]["avg"] == 6
    rows = list(csv.reader(StringIO(str(files["5_s/profile_export_aiperf.csv"]))))
    parted = rows.index([])
    assert rows[0][:2] == ["Metric", "avg"] and rows[parted + 1] == ["Metric", "Value"]
    assert "Time to First Token (ms)" in [row[0] for row in rows[:parted]]
    assert "Request Count" in [row[0] for row in rows[parted + 1 :]]


@pytest.mark.skipif(not AIPERF, reason="CLEMSIM_AIPERF names no aiperf")
@pytest.mark.slow
async def test_aiperf_reads_what_is_written(tmp_path: Path) -> None:
    report, rows = await measured(tmp_path, gpus=1.0)
    write_files(tmp_path / "out", aiperf_files(report, rows))
    replay = report.model_copy(update={"plan": report.plan.model_copy(update={"replay": "r"})})
    for name, other in (*fixed_reports().items(), ("replay", replay)):
        write_files(tmp_path / "out" / name, aiperf_files(other))
    command = [str(Path(AIPERF).with_name("python")), "-c", CHECK, str(tmp_path / "out")]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
