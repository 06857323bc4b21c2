"""The report of a stress test in a terminal, 80 columns wide."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.stress.measure.latency import LatencyName, Percent
from clemsim.stress.measure.server_metrics import ServerLatencyName
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.measure.verdict import AnswerVerdict
from clemsim.stress.report.formatting import (
    NONE,
    client_latency,
    measure_cells,
    milliseconds,
    number,
    percent,
    throughput,
)
from clemsim.stress.report.stress_report import StressReport

IN_FLIGHT, TURNS, FAILED = "in\nflight", "turns", "failed"
PARALLEL = 0.1  # of the conversations; where turns in flight differ by more, they are shown
STAGE_COLUMNS = (
    *("load", IN_FLIGHT, TURNS, "turns\n/s", "tokens\n/s", "TTFT\np50", "TTFT\np99", "ITL\np50", "ITL\np99"),
    *("turn\np50", "turn\np99", FAILED),
)
MODEL_WIDTH = 17  # characters of a model's name
MODEL_COLUMNS = (
    "load",
    "model",
    TURNS,
    "turns\n/s",
    "tokens\n/s",
    "TTFT\np50",
    "TTFT\np99",
    "turn\np50",
    "turn\np99",
    FAILED,
)
SERVER_COLUMNS = (
    *("server\nat load", "run-\nning", "wait-\ning", "KV\nuse", "pre-\nempted", "prefix\nhits"),
    *("TTFT\nmean", "ITL\nmean", "turn\nmean", "SLO\nkept"),
)
LATENCIES: tuple[LatencyName, ...] = ("ttft", "itl", "turn")
SERVER_LATENCIES: tuple[ServerLatencyName, ...] = ("ttft", "itl", "turn")
PERCENTILES: tuple[Percent, ...] = (50, 99)


def terminal_report(report: StressReport) -> RenderableType:
    """Return the sentences of a report, then its tables."""
    parts: list[RenderableType] = [plain(f"- {sentence}") for sentence in report.sentences]
    if report.stages:
        parts += [Text(), _stage_table(report.stages)]
        if any(stage.models for stage in report.stages):
            parts += [Text(), _model_table(report.stages)]
        if any(stage.server for stage in report.stages):
            parts += [Text(), _server_table(report.stages, slo=bool(report.plan.slo))]
        parts.append(Text("* the client's own doing, ? too few samples for a 95 % interval; times in ms", "dim"))
    if report.answers and report.answers.pairs:
        parts += [Text(), _answer_table(report.answers)]
    return Group(*parts)


def _table(*names: str) -> RichTable:
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    return table


def _stage_table(stages: Sequence[StageMetrics]) -> RichTable:
    """Return the client's figures; columns that say nothing here are left out."""
    failed = any(stage.error_share for stage in stages)
    parallel = any(abs(stage.in_flight - stage.under_way) > PARALLEL * stage.under_way for stage in stages)
    shown = [name for name in STAGE_COLUMNS if (failed or name != FAILED) and (parallel or name != IN_FLIGHT)]
    if failed and parallel:
        shown.remove(TURNS)  # there are 80 columns
    table = _table(*shown)
    for stage in stages:
        cells = _stage_cells(stage)
        table.add_row(*(cells[name] for name in shown))
    return table


def _model_table(stages: Sequence[StageMetrics]) -> RichTable:
    """Return the figures of each of several models."""
    table = _table(*MODEL_COLUMNS)
    for stage in stages:
        for name, model in stage.models.items():
            table.add_row(
                plain(stage.label),
                plain(name if len(name) <= MODEL_WIDTH else f"{name[: MODEL_WIDTH - 1]}…"),
                str(model.turns),
                throughput(model, model.turns_per_second),
                throughput(model, model.output_tokens_per_second),
                *(client_latency(model, latency, which) for latency in ("ttft", "turn") for which in PERCENTILES),
                percent(model.error_share) if model.error_share else "0",
            )
    return table


def _stage_cells(stage: StageMetrics) -> dict[str, str | Text]:
    return dict(
        zip(
            STAGE_COLUMNS,
            (
                plain(stage.label),
                number(stage.in_flight),
                str(stage.turns),
                throughput(stage, stage.turns_per_second),
                throughput(stage, stage.output_tokens_per_second),
                *(client_latency(stage, name, which) for name in LATENCIES for which in PERCENTILES),
                percent(stage.error_share) if stage.error_share else "0",
            ),
            strict=True,
        )
    )


def _server_table(stages: Sequence[StageMetrics], *, slo: bool) -> RichTable:
    table = _table(*SERVER_COLUMNS)
    for stage in stages:
        table.add_row(plain(stage.label), *_server_cells(stage), percent(stage.slo_share) if slo else NONE)
    return table


def _server_cells(stage: StageMetrics) -> list[str]:
    server = stage.server
    if server is None:
        return [NONE] * (len(SERVER_COLUMNS) - 2)
    latencies = [server.latency.get(name) for name in SERVER_LATENCIES]
    return [
        number(server.running),
        number(server.waiting),
        percent(server.kv_usage),
        number(server.preemptions),
        percent(server.prefix_hit_share),
        *(milliseconds(latency.mean if latency else None) for latency in latencies),
    ]


def _answer_table(answers: AnswerVerdict) -> RichTable:
    table = _table("answers", "alone", f"{answers.concurrency} at once", "difference", "95 %", "joint", "p")
    for name, measure in answers.measures.items():
        table.add_row(plain(name), *measure_cells(measure), style="bold red" if name in answers.guilty else "")
    if answers.same_transcripts_interval:
        low, high = answers.same_transcripts_interval
        table.add_row("same text", "", percent(answers.same_transcripts), "", f"{low:.0%}..{high:.0%}", "", "")
    return table
