"""The report of a stress test as one HTML file that needs nothing else: its figures are drawn into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.html.pictures import on_page
from clemsim.html.tables import Sheet
from clemsim.stress.measure.latency import PERCENTS, LatencyName, Percent
from clemsim.stress.measure.stage_metrics import Lengths, ModelMetrics, StageMetrics
from clemsim.stress.measure.verdict import AnswerVerdict
from clemsim.stress.plan.plan import ReportedPlan
from clemsim.stress.report.formatting import (
    NONE,
    bucket,
    client_latency,
    interval,
    measure_cells,
    milliseconds,
    number,
    percent,
    throughput,
)
from clemsim.stress.report.stress_report import StressReport

ServedName = Literal["ttft", "itl", "tpot", "turn"]  # latencies that a server reports too
SERVED: Sequence[tuple[ServedName, str]] = (
    ("ttft", "time to first token"),
    ("itl", "between tokens"),
    ("tpot", "per output token"),
    ("turn", "whole turn"),
)
TAILS: Sequence[Percent] = (50, 99)
LATENCIES: Sequence[tuple[LatencyName, str]] = (*SERVED, ("conversation", "conversation"))
FIGURES = {"throughput": "Throughput", "latency": "Latency", "pace": "Pace", "timeline": "Timeline"}

STAGE_COLUMNS = (
    *("load", "turns", "turns/s", "output tokens/s", "goodput turns/s", "SLO kept", "failed", "in flight"),
    *("%Played", "Quality"),
)
MODEL_LATENCIES: Sequence[LatencyName] = ("ttft", "tpot", "turn")
MODEL_COLUMNS = (
    *("load", "model", "turns", "turns/s", "output tokens/s", "TTFT p50", "TTFT p99", "TPOT p50", "TPOT p99"),
    *("turn p50", "turn p99", "SLO kept", "failed", "in flight", "cached", "%Played", "Quality"),
)
LATENCY_COLUMNS = ("load", "what", "n", "mean", "p50", "p90", "p95", "p99", "p99, 95 % interval")
LENGTH_COLUMNS = (
    *("load", "what", "mean", "least", "p50", "p90", "p99", "greatest", "ended by", "tokens/s for each user"),
    "tokens/s a GPU",
)
SERVER_COLUMNS = (
    *("load", "what", "client mean", "server mean", "client p50", "server p50 in", "client p99", "server p99 in"),
    "server n",
)
TEXTS = {"load", "model", "what", "ended by", "spoiled"}  # columns that hold text
CLIENT_COLUMNS = ("load", "CPU of a core", "loop lag p50", "loop lag p99", "sent late p50", "sent late p99", "spoiled")


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What the page of a report shows; `figures`: drawings by their headings."""

    title: str
    subtitle: str
    sentences: Sequence[str]
    figures: Mapping[str, Markup]
    tables: Sequence[Sheet]


def html_page(report: StressReport, figures: Mapping[str, str]) -> str:
    """Return the whole page; `figures` are SVG drawings by name. All text from outside is escaped."""
    content = report_content(report, figures)
    return render("stress.html", frame=Frame(content.title, inline=True), content=content, problem="")


def report_content(report: StressReport, figures: Mapping[str, str]) -> ReportContent:
    """Return what a page of the report shows; `figures` are the SVG drawings of `charts` by name."""
    slo = bool(report.plan.slo)
    tables = [
        _stage_table(report.stages, slo=slo),
        _model_table(report.stages, slo=slo),
        _length_table(report.stages),
        _latency_table(report.stages),
        _server_table(report.stages),
        _client_table(report.stages),
        *([_answer_table(report.answers)] if report.answers and report.answers.pairs else []),
    ]
    drawn = {name: figures[key] for key, name in FIGURES.items() if key in figures}
    return ReportContent(
        f"Stress test of {report.models}",
        f"{', '.join(report.plan.urls)}; begun {report.begun}; {_load(report.plan)}",
        report.sentences,
        {name: on_page(svg, f"{name}; the tables have its numbers") for name, svg in drawn.items()},
        [table for table in tables if table.rows],
    )


def _load(plan: ReportedPlan) -> str:
    mix = ", ".join(f"{name} x {weight:g}" for name, weight in plan.mix.items())
    length = (
        f"replies of exactly {plan.max_tokens} tokens" if plan.forced_length else f"at most {plan.max_tokens} tokens a reply"
    )
    return f"conversations: {mix}; {length}; seed {plan.seed}"


def _stage_table(stages: Sequence[StageMetrics], *, slo: bool) -> Sheet:
    rows = [
        (
            stage.label,
            str(stage.turns),
            throughput(stage, stage.turns_per_second),
            throughput(stage, stage.output_tokens_per_second),
            number(stage.goodput) if slo else NONE,
            percent(stage.slo_share) if slo else NONE,
            percent(stage.error_share),
            number(stage.in_flight),
            number(stage.games.played),
            number(stage.games.quality),
        )
        for stage in stages
    ]
    note = "Load: conversations at once, or arriving a second (/s). * the client's own doing."
    return _table("Stages", STAGE_COLUMNS, rows, note)


def _model_table(stages: Sequence[StageMetrics], *, slo: bool) -> Sheet:
    """Return the figures of each of several models; no row for a test of one."""
    rows = [_model_row(stage.label, name, model, slo) for stage in stages for name, model in stage.models.items()]
    note = "Each model's part of the stage; times in milliseconds. Cached: prompt tokens found in the prefix cache."
    return _table("Models", MODEL_COLUMNS, rows, note)


def _model_row(label: str, name: str, model: ModelMetrics, slo: bool) -> Sequence[str]:
    return (
        label,
        name,
        str(model.turns),
        throughput(model, model.turns_per_second),
        throughput(model, model.output_tokens_per_second),
        *(client_latency(model, latency, which) for latency in MODEL_LATENCIES for which in TAILS),
        percent(model.slo_share) if slo else NONE,
        percent(model.error_share),
        number(model.in_flight),
        percent(model.cached_share),
        number(model.games.played),
        number(model.games.quality),
    )


def _length_table(stages: Sequence[StageMetrics]) -> Sheet:
    """Return how long inputs and outputs were, why replies ended, and the pace; no row for a report that does not say."""
    rows = [_length_row(stage, title, length) for stage in stages for title, length in _lengths(stage) if length]
    note = (
        "Lengths in tokens. Ended by: the finish reasons of all replies. Tokens/s for each user: one by the mean time per "
        "output token."
    )
    return _table("Lengths and pace", LENGTH_COLUMNS, rows, note)


def _lengths(stage: StageMetrics) -> Sequence[tuple[str, Lengths | None]]:
    return ("input", stage.input_length), ("output", stage.output_length)


def _length_row(stage: StageMetrics, title: str, length: Lengths) -> Sequence[str]:
    output = title == "output"
    values = (length.mean, length.least, length.p50, length.p90, length.p99, length.greatest)
    ended = ", ".join(f"{reason} {count}" for reason, count in stage.finish_reasons.items())
    return (
        stage.label,
        title,
        *(number(value) for value in values),
        ended if output else "",
        number(stage.tokens_per_second_per_user) if output else "",
        number(stage.tokens_per_second_per_gpu) if output else "",
    )


def _latency_table(stages: Sequence[StageMetrics]) -> Sheet:
    rows = [_latency_row(stage, name, title) for stage in stages for name, title in LATENCIES]
    note = (
        "Milliseconds, from the moment each turn was due. n: sample size. ? too few samples for a 95 % interval. "
        "* the client's own doing."
    )
    return _table("Latency", LATENCY_COLUMNS, rows, note)


def _latency_row(stage: StageMetrics, name: LatencyName, title: str) -> Sequence[str]:
    latency = stage.latency.named(name)
    return (
        stage.label,
        title,
        str(latency.n),
        milliseconds(latency.mean),
        *(client_latency(stage, name, which) for which in PERCENTS),
        interval(latency.p99_interval),
    )


def _server_table(stages: Sequence[StageMetrics]) -> Sheet:
    """Return the server's histograms beside the client's latencies; no row if no server has any."""
    rows = [row for stage in stages for row in _server_rows(stage)]
    note = "Milliseconds. The server knows a percentile only as the bucket of its histogram that it lies in."
    return _table("Client and server", SERVER_COLUMNS, rows, note)


def _server_rows(stage: StageMetrics) -> Sequence[Sequence[str]]:
    rows = []
    for name, title in SERVED:
        latency = stage.server.latency.get(name) if stage.server else None
        if latency:
            means = milliseconds(stage.latency.named(name).mean), milliseconds(latency.mean)
            medians = client_latency(stage, name, 50), bucket(latency.p50)
            tails = client_latency(stage, name, 99), bucket(latency.p99)
            rows.append((stage.label, title, *means, *medians, *tails, str(latency.n)))
    return rows


def _client_table(stages: Sequence[StageMetrics]) -> Sheet:
    rows = [
        (
            stage.label,
            percent(stage.client.cpu),
            milliseconds(stage.client.lag.p50),
            milliseconds(stage.client.lag.p99),
            milliseconds(stage.client.late.p50),
            milliseconds(stage.client.late.p99),
            "; ".join(f"{name}: {reason}" for name, reason in stage.spoiled.items()) or "nothing",
        )
        for stage in stages
    ]
    note = "Milliseconds. Late: between the moment a turn was due and its request."
    return _table("The client's own health", CLIENT_COLUMNS, rows, note)


def _answer_table(answers: AnswerVerdict) -> Sheet:
    columns = ("what", "alone", f"{answers.concurrency} at once", "difference", "95 % interval", "joint interval", "p")
    rows = [(name, *measure_cells(measure)) for name, measure in answers.measures.items()]
    parted = ", ".join(f"turn {turn}: {count}" for turn, count in answers.first_difference.items()) or "none"
    ends = answers.same_transcripts_interval
    interval = f" ({ends[0]:.0%}..{ends[1]:.0%})" if ends else ""
    note = (
        f"{answers.pairs} pairs of episodes, {answers.unfinished} unfinished. Transcripts agree word for word in "
        f"{percent(answers.same_transcripts)}{interval}; first turn at which the others part: {parted}. "
        "Joint: at the level of all measures together; it leaves 0 out where load changed a measure."
    )
    return _table("Answers under load", columns, rows, note)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> Sheet:
    return Sheet(title, columns, rows, note, {place for place, name in enumerate(columns) if name in TEXTS})
