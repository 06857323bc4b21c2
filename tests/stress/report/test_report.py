"""What is written of a stress test: the page, figures, the terminal, sentences, comparisons."""

from __future__ import annotations

import asyncio
import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from clemsim._util.files import write_files
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import StoreError
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.slo import Slo
from clemsim.stress.report import charts
from clemsim.stress.report.compare import compare_reports
from clemsim.stress.report.compare_terminal import terminal_comparison
from clemsim.stress.report.csv_tables import stages_csv, timeline_csv
from clemsim.stress.report.html import html_page
from clemsim.stress.report.pace_chart import pace_points
from clemsim.stress.report.report import make_report
from clemsim.stress.report.sentences import sentences
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.report.terminal import terminal_report
from tests.stress.report.fixed_input import fixed_reports
from tests.stress.servers import FAST, short_plan


@pytest.fixture(scope="module")
def report() -> StressReport:
    """The report of a short sweep."""

    async def sweep() -> StressReport:
        server = SimulatedServer(FAST)
        async with server.serving():
            plan = short_plan(server.url, sweep=[1, 4, 16, 32], window=0.6, slo=Slo.parse("ttft=40ms"))
            return make_report(plan, await stress(plan, Budget(100_000, 60.0), StressWatch()), None)

    return asyncio.run(sweep())


def terminal(renderable: Any) -> str:
    """Return what a terminal of 80 columns shows."""
    console = Console(width=80, record=True, force_terminal=False, file=StringIO())
    console.print(renderable)
    return console.export_text()


def with_stages(report: StressReport, *changes: dict[str, Any]) -> StressReport:
    """Return the report with changed fields of its first stages."""
    changed = [stage.model_copy(update=fields) for stage, fields in zip(report.stages, changes, strict=False)]
    return report.model_copy(update={"stages": (*changed, *report.stages[len(changed) :])})


def test_a_report_says_what_was_measured_in_sentences(report: StressReport) -> None:
    assert report.knee and report.knee.reached
    assert report.sentences[0].startswith("The knee is at") and "SLO (ttft 40 ms)" in report.sentences[1]
    assert report.plan.mix == {"talk": 1.0} and report.requests and report.requests > 20 and report.begun


def test_the_timeline_is_in_order_and_adds_up_to_the_stages(report: StressReport) -> None:
    times = [row.at for row in report.timeline]
    assert times == sorted(times) and {row.stage for row in report.timeline} == {0, 1, 2, 3}
    turns = sum(row.turns for row in report.timeline if row.measured)
    assert turns == pytest.approx(sum(stage.turns for stage in report.stages), rel=0.1)


def test_tables_for_other_programs(report: StressReport) -> None:
    rows = list(csv.DictReader(StringIO(stages_csv(report.stages))))
    assert [row["stage"] for row in rows] == ["1", "4", "16", "32"]
    assert float(rows[0]["ttft_p50_seconds"]) == report.stages[0].latency.ttft.p50
    assert report.stages[2].server and float(rows[2]["server_waiting"]) == report.stages[2].server.waiting
    times = list(csv.DictReader(StringIO(timeline_csv(report.timeline))))
    assert len(times) == len(report.timeline) and timeline_csv([]) == "\n"


def test_the_terminal_s_tables_fit_eighty_columns(report: StressReport) -> None:
    text = terminal(terminal_report(report))
    assert max(map(len, text.splitlines())) <= 80
    assert "The knee is at" in text and "TTFT" in text and "…" not in text


def test_the_terminal_shows_servers_and_answers_as_far_as_they_are_known() -> None:
    texts = {name: terminal(terminal_report(report)) for name, report in fixed_reports().items()}
    assert max(len(line) for text in texts.values() for line in text.splitlines()) <= 80
    assert "same text" in texts["sweep"] and "load changed the answers" in texts["sweep"].replace("Load", "load")
    assert "server" in texts["rates"] and "same text" not in texts["rates"] and "12 of 300 turns failed" in texts["rates"]
    assert "server" not in texts["check"] and "quality" in texts["check"]


def test_the_page_is_whole_and_escapes_all_text(report: StressReport) -> None:
    evil = with_stages(report, {"label": "<b>1</b>"}).model_copy(
        update={
            "agents": ({"model": "<script>alert(1)</script>"},),
            "sentences": (*report.sentences, '"><img src=x>'),
        }
    )
    text = html_page(evil, {"throughput": "<svg></svg>"})
    assert text.count("<script") == 1 and "<b>" not in text and "<img" not in text and "&lt;script" in text
    assert "http" not in text.replace(evil.plan.urls[0], "").replace("http-equiv", "") and "<svg></svg>" in text
    assert "Client and server" in text and "The client&#39;s own health" in text


def test_the_page_shows_answers_and_failures() -> None:
    pages = {name: html_page(report, {}) for name, report in fixed_reports().items()}
    assert "60 pairs of episodes, 2 unfinished" in pages["sweep"] and "first turn at which the others part" in pages["check"]
    assert "Answers under load" not in pages["rates"] and "Client and server" not in pages["rates"]


def test_figures_are_drawn_with_units_and_the_knee(report: StressReport) -> None:
    figures = charts.draw_figures(report)
    assert set(figures) == {"throughput", "latency", "timeline"}
    drawings = {name: charts.svg(chart) for name, chart in figures.items()}
    assert "knee:" in drawings["throughput"] and "output tokens a second" in drawings["throughput"]
    assert "(ms, log)" in drawings["latency"] and "seconds since the beginning" in drawings["timeline"]
    assert charts.png(figures["throughput"]).startswith(b"\x89PNG")


def test_with_gpus_the_pace_of_users_is_drawn_against_that_of_gpus(report: StressReport) -> None:
    gpus = [{"tokens_per_second_per_gpu": stage.output_tokens_per_second / 2} for stage in report.stages]
    limit = {"spoiled": {"throughput": "the client used 97% of its core"}}
    priced = with_stages(report, *gpus[:-1], gpus[-1] | limit)
    points = pace_points(priced.stages)
    assert [point.user for point in points] == [stage.tokens_per_second_per_user for stage in report.stages]
    assert points[0].label == "1" and [point.spoiled for point in points] == [False, False, False, True]
    crowded = [*priced.stages, priced.stages[0].model_copy(update={"label": "again"})]
    labels = [point.label for point in pace_points(crowded)]
    assert labels[0] == "1, again" and labels[-1] == "", "two labels are written over each other"
    drawing = charts.svg(charts.draw_figures(priced)["pace"])
    assert "of each GPU" in drawing and "for each user" in drawing and "hollow" in drawing
    assert "<h2>Pace</h2>" in html_page(priced, {"pace": drawing})


def test_a_single_stage_has_a_timeline_only(report: StressReport) -> None:
    single = report.model_copy(update={"stages": report.stages[:1], "knee": None})
    assert set(charts.draw_figures(single)) == {"timeline"}
    assert charts.draw_figures(single.model_copy(update={"timeline": ()})) == {}


def test_where_the_client_is_the_limit_no_knee_of_the_server_is_named(report: StressReport) -> None:
    limit = {"spoiled": {"throughput": "the client used 97% of its core"}}
    texts = sentences(with_stages(report, *[limit] * len(report.stages)))
    assert texts[0].startswith("The client is the limit") and not any("knee is at" in text for text in texts)


def test_a_report_says_what_failed_and_that_it_ended_early(report: StressReport) -> None:
    poor = with_stages(report, {"errors": {"busy": 3}}, {"unanswered": 2}).model_copy(update={"stopped": "it was stopped"})
    text = " ".join(sentences(poor))
    assert "3 busy, 2 without an answer" in text and "ended early: it was stopped" in text
    assert poor.ended_early and not report.ended_early


def test_a_report_compared_with_itself_has_ratios_of_one(report: StressReport) -> None:
    comparison = compare_reports(report, report)
    ratios = [figure.ratio for stage in comparison.stages for figure in stage.figures.values()]
    assert comparison.same_plan and {ratio for ratio in ratios if ratio is not None} == {1}


def test_a_report_compared_with_a_faster_one_has_its_ratio(report: StressReport) -> None:
    faster = with_stages(report, *[_twice_as_fast(stage) for stage in report.stages])
    faster = faster.model_copy(update={"plan": report.plan.model_copy(update={"seed": 5})})
    comparison = compare_reports(report, faster)
    assert not comparison.same_plan and comparison.overall["output tokens/s"].ratio == pytest.approx(2)
    interval = comparison.stages[0].throughput_interval
    assert interval and interval[0] <= 2 <= interval[1]
    text = terminal(terminal_comparison(comparison, "a", "b"))
    assert "B / A" in text and "2.000" in text and max(map(len, text.splitlines())) <= 80


def _twice_as_fast(stage: StageMetrics) -> dict[str, Any]:
    return {
        "output_tokens_per_second": 2 * stage.output_tokens_per_second,
        "rates": tuple(2 * rate for rate in stage.rates),
    }


def test_a_plan_is_the_same_at_another_server(report: StressReport) -> None:
    moved = report.plan.model_copy(update={"urls": ("http://127.0.0.2/v1",), "agents": ("other@http://127.0.0.2/v1",)})
    assert compare_reports(report, report.model_copy(update={"plan": moved})).same_plan


def test_a_folder_that_cannot_be_written_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        write_files(tmp_path / "file", {"x": "y"})
