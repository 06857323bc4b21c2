"""The stages and the timeline of a report as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO

from clemsim._util.text import csv_cell
from clemsim.stress.measure.latency import LATENCY_NAMES, PERCENTS, LatencyName, Percent
from clemsim.stress.measure.server_metrics import ServerMetrics
from clemsim.stress.measure.stage_metrics import ModelMetrics, StageMetrics
from clemsim.stress.measure.timeline import TimelineRow

CsvCell = str | float | None
CsvColumn = Callable[[StageMetrics], CsvCell]


def _mean(name: LatencyName) -> CsvColumn:
    return lambda stage: stage.latency.named(name).mean


def _percentile(name: LatencyName, percent: Percent) -> CsvColumn:
    return lambda stage: stage.latency.named(name).percentile(percent)


def _count(name: LatencyName) -> CsvColumn:
    return lambda stage: stage.latency.named(name).n


def _latency_columns(name: LatencyName) -> dict[str, CsvColumn]:
    percentiles = {f"{name}_p{percent}_seconds": _percentile(name, percent) for percent in PERCENTS}
    return {f"{name}_mean_seconds": _mean(name), **percentiles}


def _of_server(metric: Callable[[ServerMetrics], CsvCell]) -> CsvColumn:
    return lambda stage: metric(stage.server) if stage.server else None


# Columns of `stages.csv`: the name of each, and what stands in it.
COLUMNS: Mapping[str, CsvColumn] = {
    "stage": lambda stage: stage.label,
    "conversations": lambda stage: stage.under_way,
    "in_flight": lambda stage: stage.in_flight,
    "seconds": lambda stage: stage.seconds,
    "turns": lambda stage: stage.turns,
    "turns_per_second": lambda stage: stage.turns_per_second,
    "output_tokens_per_second": lambda stage: stage.output_tokens_per_second,
    "goodput_turns_per_second": lambda stage: stage.goodput,
    "slo_share": lambda stage: stage.slo_share,
    "error_share": lambda stage: stage.error_share,
    **{column: cell for name in LATENCY_NAMES for column, cell in _latency_columns(name).items()},
    **{f"{name}_n": _count(name) for name in LATENCY_NAMES},
    "played_percent": lambda stage: stage.games.played,
    "quality": lambda stage: stage.games.quality,
    "server_running": _of_server(lambda server: server.running),
    "server_waiting": _of_server(lambda server: server.waiting),
    "server_kv_usage": _of_server(lambda server: server.kv_usage),
    "server_preemptions": _of_server(lambda server: server.preemptions),
    "server_prefix_hit_share": _of_server(lambda server: server.prefix_hit_share),
    "client_cpu": lambda stage: stage.client.cpu,
    "client_lag_p99_seconds": lambda stage: stage.client.lag.p99,
    "client_late_p99_seconds": lambda stage: stage.client.late.p99,
    "spoiled": lambda stage: "; ".join(stage.spoiled),
}


def _of_model(name: LatencyName, percent: Percent) -> Callable[[ModelMetrics], CsvCell]:
    return lambda model: model.latency.named(name).percentile(percent)


# Columns of `models.csv` beside stage and model.
MODEL_COLUMNS: Mapping[str, Callable[[ModelMetrics], CsvCell]] = {
    "in_flight": lambda model: model.in_flight,
    "turns": lambda model: model.turns,
    "turns_per_second": lambda model: model.turns_per_second,
    "output_tokens_per_second": lambda model: model.output_tokens_per_second,
    "goodput_turns_per_second": lambda model: model.goodput,
    "slo_share": lambda model: model.slo_share,
    "error_share": lambda model: model.error_share,
    **{f"{name}_p{percent}_seconds": _of_model(name, percent) for name in LATENCY_NAMES for percent in PERCENTS},
    "cached_share": lambda model: model.cached_share,
    "played_percent": lambda model: model.games.played,
    "quality": lambda model: model.games.quality,
}


def stages_csv(stages: Sequence[StageMetrics]) -> str:
    """Return one line for each stage, below a line of names."""
    return _csv(list(COLUMNS), [[cell(stage) for cell in COLUMNS.values()] for stage in stages])


def models_csv(stages: Sequence[StageMetrics]) -> str:
    """Return one line for each model of each stage, below a line of names."""
    named = [(stage.label, name, model) for stage in stages for name, model in stage.models.items()]
    rows = [[label, name, *(cell(model) for cell in MODEL_COLUMNS.values())] for label, name, model in named]
    return _csv(["stage", "model", *MODEL_COLUMNS], rows)


def timeline_csv(rows: Sequence[TimelineRow]) -> str:
    """Return one line for each stretch of time, below a line of names; an empty line if there are none."""
    return _csv(list(TimelineRow.model_fields) if rows else [], [[value for _, value in row] for row in rows])


def _csv(names: Sequence[str], rows: Sequence[Sequence[CsvCell]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[csv_cell(cell) for cell in row] for row in rows])
    return text.getvalue()
