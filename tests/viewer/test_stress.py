"""The page of a stress test shows its report as the file does."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from clemsim.errors import UsageError
from clemsim.stress.report.html import html_page
from tests.stress.report.fixed_input import fixed_reports
from tests.viewer.conftest import Viewer

HEADS = re.compile(r"<h2>([^<]+)</h2>")


async def test_the_report_is_a_page_and_a_file(viewer: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = fixed_reports()["sweep"]
    (folder / "load").mkdir()
    (folder / "load" / "report.json").write_bytes(report.to_json())
    monkeypatch.setattr("clemsim.stress.report.charts.draw_figures", lambda report: {"throughput": None})
    monkeypatch.setattr("clemsim.stress.report.charts.svg", lambda chart: '<svg width="3"><path fill="#000"/></svg>')
    text = unescape(await viewer.page("/stress/load"))
    file = unescape(html_page(report, {"throughput": "<svg/>"}))
    assert HEADS.findall(text) == HEADS.findall(file) and all(sentence in text for sentence in report.sentences)
    assert '<path fill="var(--ink)"/>' in text

    def missing(_: object) -> None:
        raise UsageError("drawing needs the extra `pictures`")

    monkeypatch.setattr("clemsim.stress.report.charts.draw_figures", missing)
    (folder / "load" / "report.json").write_bytes(report.to_json() + b"\n")
    assert "has no figures: drawing needs the extra" in unescape(await viewer.page("/stress/load"))


async def test_a_damaged_report_says_so(viewer: Viewer, folder: Path) -> None:
    (folder / "load").mkdir()
    (folder / "load" / "report.json").write_text("{}")
    assert "is no report of a stress test" in await viewer.page("/stress/load", 404)
