"""`clemsim stress --index`: the page of all reports in a folder."""

from __future__ import annotations

from pathlib import Path

from clemsim._util.files import check_new, make_folder, reading_file, write_text
from clemsim._util.text import plain
from clemsim.cli.common import out, print_json, say
from clemsim.errors import UsageError
from clemsim.stress.report import charts
from clemsim.stress.report.chart_parts import styled
from clemsim.stress.trend.found_reports import FoundReports, find_reports
from clemsim.stress.trend.index_page import MARK, index_page, title
from clemsim.stress.trend.trend import Trend, find_trends
from clemsim.stress.trend.trend_chart import trend_chart

NAME = "index.html"
HEAD = 4096  # bytes of a page within which an index names itself


def write_index(folder: Path, place: Path | None, *, as_json: bool) -> None:
    """Write the index of the reports in `folder`: there, where an earlier index is replaced, or into the new folder `place`.

    Raises UsageError.
    """
    found = find_reports(folder)
    if found.unreadable:
        say(f"{len(found.unreadable)} not read: {'; '.join(found.unreadable)}")
    if not found.reports:
        raise UsageError(f"{folder} holds no report of a load: name a folder with report.json files, such as stress")
    where = place or folder
    if place:
        check_new(place)
    else:
        _check_own(where / NAME)
    trends = find_trends(found.reports)
    make_folder(where, UsageError)
    write_text(where / NAME, index_page(found, trends, _drawings(trends), where), UsageError)
    if as_json:
        print_json(_json(found, trends, where / NAME))
        return
    for trend in trends:
        out.print(plain(f"{len(trend.entries):>5}  {title(trend)}"), soft_wrap=True)
    out.print(plain(f"index: {where / NAME}"), soft_wrap=True)


def _check_own(path: Path) -> None:
    """Raise UsageError where a page is there that is no index."""
    if not path.exists():
        return
    with reading_file(path), path.open("rb") as file:
        own = MARK.encode() in file.read(HEAD)
    if not own:
        raise UsageError(f"{path} is no index of stress tests: name another place with --out")


def _drawings(trends: list[Trend]) -> dict[int, str]:
    """Return the drawings of the trends that have more than one report, by their numbers; none without the extra."""
    try:
        charts.check_pictures()
    except UsageError as error:
        say(f"the index has no figures: {error}")
        return {}
    return {place: charts.svg(styled(trend_chart(trend))) for place, trend in enumerate(trends) if len(trend.entries) > 1}


def _json(found: FoundReports, trends: list[Trend], page: Path) -> dict[str, object]:
    rows = [
        {
            "models": trend.last.report.models,
            "urls": list(trend.last.report.plan.urls),
            "loads": list(trend.loads),
            "reports": [
                {"file": str(entry.path), "begun": entry.begun.isoformat(), "changes": list(entry.changes)}
                for entry in trend.entries
            ],
        }
        for trend in trends
    ]
    return {"index": str(page), "trends": rows, "unreadable": list(found.unreadable)}
