"""Reports over time: what is joined, what is not, and what a page shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clemsim.errors import UsageError
from clemsim.stress.report.charts import svg
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.trend.found_reports import find_reports
from clemsim.stress.trend.index_page import index_page
from clemsim.stress.trend.trend import Trend, find_trends
from clemsim.stress.trend.trend_chart import PANELS, _points, drawn_loads, log_ticks, trend_chart
from tests.stress.report.fixed_input import fixed_reports
from tests.stress.trend.many_reports import agents, at_day, write, write_months


@pytest.fixture(scope="module")
def sweep() -> StressReport:
    """The report of a sweep."""
    return fixed_reports()["sweep"]


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of reports of months."""
    folder = tmp_path_factory.mktemp("months")
    write_months(folder)
    return folder


def trends_of(folder: Path, *reports: StressReport) -> list[Trend]:
    """Return the trends of these reports."""
    for number, report in enumerate(reports):
        write(folder / f"{number}.json", report)
    return find_trends(find_reports(folder).reports)


def with_plan(report: StressReport, **changes: Any) -> StressReport:
    """Return the report with another plan."""
    return report.model_copy(update={"plan": report.plan.model_copy(update=changes)})


@pytest.mark.parametrize(
    "changes",
    [
        {"max_tokens": 64},
        {"mix": {"talk": 1.0}},
        {"urls": ("http://127.0.0.2/v1",)},
        {"sweep": (1, 2)},
        {"temperature": 1.0},
        {"options": {"talk": {"turns": "8"}}},
    ],
)
def test_unlike_tests_are_not_joined(sweep: StressReport, tmp_path: Path, changes: dict[str, Any]) -> None:
    assert len(trends_of(tmp_path, at_day(sweep, 0), with_plan(at_day(sweep, 1), **changes))) == 2


def test_another_model_is_another_stack(sweep: StressReport, tmp_path: Path) -> None:
    other = at_day(sweep, 1).model_copy(update={"agents": agents("0.31", "other")})
    assert len(trends_of(tmp_path, at_day(sweep, 0), other)) == 2


def test_a_changed_configuration_is_named_and_begins_the_figures_anew(sweep: StressReport, tmp_path: Path) -> None:
    newer = at_day(sweep, 2).model_copy(update={"agents": agents("0.32")})
    seed = with_plan(at_day(sweep, 3).model_copy(update={"agents": agents("0.32")}), seed=5)
    (trend,) = trends_of(tmp_path, at_day(sweep, 0), at_day(sweep, 1), newer, seed)
    changes = [list(entry.changes) for entry in trend.entries]
    assert changes == [[], [], ["agent server version: 0.31 → 0.32"], ["seed: 0 → 5"]]
    assert trend.alike == []
    parts = {point.part for point in _points(PANELS[0], trend, ["16"])}
    assert len(parts) == 3, "a line goes on through a change of the configuration"


def test_a_line_is_broken_by_a_missing_figure_and_by_a_long_gap(months: Path) -> None:
    trend = max(find_trends(find_reports(months).reports), key=lambda trend: len(trend.entries))
    assert [number for number, entry in enumerate(trend.entries) if entry.after_gap] == [12]
    assert trend.loads == ["1", "4", "16", "64", "128"], "one test that ended early hides the loads of all others"
    points = list(_points(PANELS[0], trend, ["128"]))
    assert len(points) == 23 and len({point.part for point in points}) == 4
    assert all(point.hollow for point in points), "the client spoiled all of them"
    assert len({point.part for point in _points(PANELS[0], trend, ["1"])}) == 3


def test_reports_are_found_by_name_and_by_their_beginning(months: Path, sweep: StressReport, tmp_path: Path) -> None:
    assert len(find_reports(months).reports) == 27
    write(tmp_path / "nightly.json", sweep)
    write(tmp_path / ".draft" / "report.json", sweep)
    write(tmp_path / "check" / "report.json", fixed_reports()["check"])
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "report.json").write_bytes(sweep.to_json()[:1000])
    write(tmp_path / "odd.json", sweep.model_copy(update={"begun": "yesterday"}))
    found = find_reports(tmp_path)
    assert [one.path.name for one in found.reports] == ["nightly.json"]
    assert found.without_load == [tmp_path / "check" / "report.json"]
    assert "cut/report.json is no report" in found.unreadable[0] and "yesterday is no time" in found.unreadable[1]
    with pytest.raises(UsageError, match="is no folder"):
        find_reports(tmp_path / "nightly.json")


def test_the_page_shows_every_report_and_escapes_all_text(months: Path, sweep: StressReport, tmp_path: Path) -> None:
    evil = at_day(sweep, 0).model_copy(update={"agents": agents("0.31", "<script>alert(1)</script>")})
    write(tmp_path / 'a"><b>' / "report.json", evil)
    write(tmp_path / "b" / "report.json", evil.model_copy(update={"stopped": "<i>it</i>"}))
    found = find_reports(tmp_path)
    text = index_page(found, find_trends(found.reports), {0: "<svg></svg>"}, tmp_path)
    assert text.count("<script") == 1 and "<b>" not in text and "<i>" not in text and "&lt;script" in text
    assert "<svg></svg>" in text and 'href="a%22%3E%3Cb%3E/report.json"' in text and "ended early" in text
    found = find_reports(months)
    text = index_page(found, find_trends(found.reports), {}, months)
    assert text.count("<a href=") == 27 and "128 was not measured" in text and "after a long gap" in text
    assert "[1] agent server version: 0.31 → 0.32" in text and "ended early: it was stopped" in text


def test_a_trend_is_drawn_with_its_gap_and_its_change(months: Path) -> None:
    trends = find_trends(find_reports(months).reports)
    drawing = svg(trend_chart(Trend(trends[0].entries[10:18])))
    assert "TTFT (ms, log)" in drawing and "knee" in drawing and "numbered: the configuration changed" in drawing
    assert "grey: a long time" in drawing and "turns failed" not in drawing
    other = str(trend_chart(trends[1]).to_dict(validate=False))
    assert "turns failed" in other and "numbered" not in other and "grey: a" not in other


def test_few_loads_and_round_ticks_are_drawn() -> None:
    assert drawn_loads(["1", "2", "4", "8", "16", "32", "64"]) == ["1", "4", "16", "64"]
    assert log_ticks([100, 110, 800]) == [100, 300, 1000] and log_ticks([20.0, 20.2]) == [20]
