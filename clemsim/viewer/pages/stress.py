"""The page of a stress test: its report, as `clemsim stress` writes it into a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.stress.report import charts
from clemsim.stress.report.html import report_content
from clemsim.stress.report.stress_report import StressReport, read_report
from clemsim.viewer.library import REPORT, Kind, stamp_of_file
from clemsim.viewer.site import Site


def stress_page(site: Site, slug: str) -> str:
    """Return the page; without the extra that draws, it has no figures and says so. Raises UsageError."""
    entry = site.library.find(slug, Kind.stress)
    path = entry.folder / REPORT
    report = read_report(path)
    figures, problem = _figures(site, path, report)
    content = report_content(report, figures)
    return site.page("stress.html", content.title, site.way(slug), content=content, problem=problem)


def _figures(site: Site, path: Path, report: StressReport) -> tuple[Mapping[str, str], str]:
    """Return the drawings by name, and why there are none. They are drawn anew: no drawing is read."""
    try:
        return site.cache.in_other_process(("stress", path), stamp_of_file(path), _draw, report), ""
    except UsageError as error:
        return {}, f"the report has no figures: {error}"


def _draw(report: StressReport) -> Mapping[str, str]:
    return {name: charts.svg(chart) for name, chart in charts.draw_figures(report).items()}
