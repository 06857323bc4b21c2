"""The index of many stress tests: one HTML file that needs nothing else, with the trend of every load on every stack."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.html.pictures import on_page
from clemsim.html.tables import Cell, Link, Sheet
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.plan import ReportedPlan
from clemsim.stress.report.formatting import NONE, client_latency, number, percent, throughput
from clemsim.stress.trend.found_reports import FoundReports
from clemsim.stress.trend.trend import Trend, TrendEntry
from clemsim.stress.trend.trend_chart import changed

TITLE = "Stress tests over time"
MARK = "<!-- index of clemsim stress -->"
MOST = 40  # characters of a load in the overview
PAGE = "report.html"
OVERVIEW = (*("stack", "load", "tests", "newest", "tokens/s", "before, alike", "failed", "SLO kept", "knee"),)
COLUMNS = (
    *("begun (UTC)", "most tokens/s", "tokens/s", "TTFT p50", "TTFT p99", "TPOT p50", "TPOT p99"),
    *("failed", "SLO kept", "knee", "remarks"),
)


@dataclass(frozen=True, slots=True)
class TrendContent:
    """What the page shows of a trend."""

    title: str
    load: str
    figure: Markup | None
    table: Sheet


def index_page(found: FoundReports, trends: Sequence[Trend], figures: Mapping[int, str], folder: Path) -> str:
    """Return the whole page; `figures` are SVG drawings by the number of the trend, `folder` is where the page will be."""
    return render(
        "trends.html",
        frame=Frame(TITLE, inline=True),
        mark=Markup(MARK),
        amount=f"{len(found.reports)} reports in {len(trends)} trends",
        note=NOTE,
        found=found,
        overview=Sheet(TITLE, OVERVIEW, [_overview_row(trend) for trend in trends], texts={0, 1, 3}),
        trends=[_content(trend, figures.get(place), folder) for place, trend in enumerate(trends)],
    )


def _content(trend: Trend, drawing: str | None, folder: Path) -> TrendContent:
    drawn = on_page(drawing, f"the trend of {title(trend)}; the table has its numbers") if drawing else None
    return TrendContent(title(trend), load(trend.last.report.plan), drawn, _trend_table(trend, folder))


NOTE = (
    "A trend is one load on one stack, which is a set of models and addresses; unlike tests are never joined. "
    "Before, alike: the least, median and greatest of the earlier tests since the configuration changed last. "
    "Times in milliseconds; * the client's own doing, ? too few samples for a 95 % interval."
)


def title(trend: Trend) -> str:
    """Return the models and addresses of a trend."""
    report = trend.last.report
    return f"{report.models} at {', '.join(report.plan.urls) or 'no address'}"


def load(plan: ReportedPlan) -> str:
    """Return the load of a plan in words."""
    mix = ", ".join(f"{name} x {weight:g}" for name, weight in plan.mix.items())
    length = "exactly" if plan.forced_length else "at most"
    fields = [f"{game}.{name}={value}" for game, values in plan.options.items() for name, value in values.items()]
    parts = [_shape(plan), mix, *fields, f"suite {plan.suite}", f"replies of {length} {plan.max_tokens} tokens"]
    parts += [f"temperature {plan.temperature:g}"] + (["constrained"] if plan.constrain else [])
    return "; ".join(parts + ([f"think {plan.think:g} s"] if plan.think else []))


def _shape(plan: ReportedPlan) -> str:
    if plan.find:
        return "search for the most conversations that keep the SLO"
    if plan.replay:
        verbatim = ", word for word" if plan.verbatim else ""
        return f"replay of {plan.replay} x {plan.speed:g}{verbatim}"
    if plan.sweep:
        return f"sweep {', '.join(map(str, plan.sweep))}"
    return f"stages {', '.join(plan.stages)}" + (f" ({plan.arrivals})" if plan.arrivals else "")


def _short(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def _overview_row(trend: Trend) -> Sequence[Cell]:
    newest, at = trend.last, trend.loads[-1]
    stage = newest.stages.get(at)
    earlier = sorted(
        before.output_tokens_per_second for entry in trend.alike if (before := entry.stages.get(at)) is not None
    )
    middle = (earlier[(len(earlier) - 1) // 2] + earlier[len(earlier) // 2]) / 2 if earlier else 0.0
    ends = (earlier[0], middle, earlier[-1]) if earlier else ()
    return (
        title(trend),
        _short(_shape(newest.report.plan)),
        str(len(trend.entries)),
        f"{newest.begun:%Y-%m-%d %H:%M}",
        f"{throughput(stage, stage.output_tokens_per_second) if stage else NONE} at {at}",
        " / ".join(map(number, ends)) or NONE,
        percent(newest.error_share),
        percent(stage.slo_share) if stage and newest.report.plan.slo else NONE,
        _knee(newest),
    )


def _trend_table(trend: Trend, folder: Path) -> Sheet:
    """Return a row for each report, the newest first; the figures are those of the greatest load that most have measured."""
    numbers = {id(entry): place for place, entry in changed(trend)}
    rows = [_row(entry, trend.loads[-1], numbers.get(id(entry)), folder) for entry in reversed(trend.entries)]
    note = f"Beside the greatest throughput: the figures at {trend.loads[-1]}."
    return Sheet(f"The tests of {title(trend)}", COLUMNS, rows, note, {0, len(COLUMNS) - 1})


def _row(entry: TrendEntry, at: str, change: int | None, folder: Path) -> Sequence[Cell]:
    stage, fastest = entry.stages.get(at), entry.fastest
    return (
        Link(f"{entry.begun:%Y-%m-%d %H:%M:%S}", quote(_target(entry, folder))),
        f"{throughput(fastest, fastest.output_tokens_per_second)} at {fastest.label}",
        *(_stage_cells(stage) if stage else [NONE] * 5),
        percent(entry.error_share),
        percent(stage.slo_share) if stage and entry.report.plan.slo else NONE,
        _knee(entry),
        _remarks(entry, change, at),
    )


def _stage_cells(stage: StageMetrics) -> list[str]:
    return [
        throughput(stage, stage.output_tokens_per_second),
        client_latency(stage, "ttft", 50),
        client_latency(stage, "ttft", 99),
        client_latency(stage, "tpot", 50),
        client_latency(stage, "tpot", 99),
    ]


def _target(entry: TrendEntry, folder: Path) -> str:
    """Return the path of the report's page, or else of its JSON, from the folder of the index."""
    beside = entry.path.with_name(PAGE)
    path = beside if beside.is_file() else entry.path
    return Path(os.path.relpath(path, folder)).as_posix()


def _knee(entry: TrendEntry) -> str:
    knee = entry.report.knee
    if knee is None:
        return NONE
    if not knee.reached:
        return "not reached"
    low, high = knee.interval
    return f"{knee.concurrency:.3g} ({low:.3g}..{high:.3g})"


def _remarks(entry: TrendEntry, change: int | None, at: str) -> str:
    texts = [f"[{change}] {'; '.join(entry.changes)}"] if change is not None else []
    texts += [f"ended early: {entry.report.stopped}"] if entry.report.stopped else []
    texts += [] if at in entry.stages else [f"{at} was not measured"]
    texts += ["after a long gap"] if entry.after_gap else []
    return "; ".join(texts)
