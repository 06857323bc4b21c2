"""A report in the form that aiperf 0.13 writes its own, for tools that read that: a folder for each stage.

`profile_export_aiperf.json` and `.csv` hold statistics, `profile_export.jsonl` the requests, for which there must be
records. Names, units and definitions are aiperf's (its `STAT_KEYS` and metric tags): latencies run from the moment a request
was sent, not from when it was due; ITL is one mean for each request; percentiles interpolate linearly between values.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from io import StringIO
from typing import Any

import orjson

from clemsim._util.files import safe_names
from clemsim.stress.measure.latency import PERCENTS, Latency
from clemsim.stress.measure.stage_metrics import Lengths, StageMetrics
from clemsim.stress.report.stress_report import StressReport

SCHEMA = "1.4"  # of aiperf's JSON
SUMMARY, TABLE, REQUESTS = "profile_export_aiperf.json", "profile_export_aiperf.csv", "profile_export.jsonl"
QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
STATISTICS = ("avg", "min", "max", "sum", *(f"p{percent}" for percent in QUANTILES), "std")  # the columns of the table
NO_UNIT = ("count", "requests")  # units that the table leaves out
Row = Mapping[str, Any]  # of a file of records
Metric = dict[str, Any]  # a unit and statistics


@dataclass(frozen=True, slots=True)
class MetricKind:
    """A metric of aiperf: its tag, how a table names it, and its unit."""

    tag: str
    title: str
    unit: str


PER_REQUEST = (
    MetricKind("request_latency", "Request Latency", "ms"),
    MetricKind("time_to_first_token", "Time to First Token", "ms"),
    MetricKind("inter_token_latency", "Inter Token Latency", "ms"),
    MetricKind("decode_duration", "Decode Duration", "ms"),
    MetricKind("output_token_throughput_per_user", "Output Token Throughput Per User", "tokens/sec/user"),
    MetricKind("e2e_output_token_throughput", "E2E Output Token Throughput", "tokens/sec/user"),
    MetricKind("prefill_throughput_per_user", "Prefill Throughput Per User", "tokens/sec/user"),
    MetricKind("output_sequence_length", "Output Sequence Length", "tokens"),
    MetricKind("input_sequence_length", "Input Sequence Length", "tokens"),
    MetricKind("output_token_count", "Output Token Count", "tokens"),
    MetricKind("usage_prompt_tokens", "Usage Prompt Tokens", "tokens"),
    MetricKind("usage_completion_tokens", "Usage Completion Tokens", "tokens"),
    MetricKind("usage_total_tokens", "Usage Total Tokens", "tokens"),
    MetricKind("usage_prompt_cache_read_tokens", "Usage Prompt Cache Read Tokens", "tokens"),
)
TOTALS = (
    MetricKind("request_throughput", "Request Throughput", "requests/sec"),
    MetricKind("request_count", "Request Count", "requests"),
    MetricKind("error_request_count", "Error Request Count", "requests"),
    MetricKind("output_token_throughput", "Output Token Throughput", "tokens/sec"),
    MetricKind("output_token_throughput_per_gpu", "Output Token Throughput Per GPU", "tokens/sec/gpu"),
    MetricKind("input_token_throughput", "Input Token Throughput", "tokens/sec"),
    MetricKind("total_token_throughput", "Total Token Throughput", "tokens/sec"),
    MetricKind("total_output_tokens", "Total Output Tokens", "tokens"),
    MetricKind("total_isl", "Total Input Sequence Length", "tokens"),
    MetricKind("total_osl", "Total Output Sequence Length", "tokens"),
    MetricKind("benchmark_duration", "Benchmark Duration", "sec"),
    MetricKind("goodput", "Goodput", "requests/sec"),
)
KINDS = {kind.tag: kind for kind in (*PER_REQUEST, *TOTALS)}


def aiperf_files(report: StressReport, rows: Iterable[Row] | None = None) -> dict[str, str | bytes]:
    """Return the files by their paths, a folder for each stage of the report, named by its load.

    `rows` are the records of the same test. Without them only the means and percentiles that the report itself has are
    given, its latencies from when a turn was due, and no requests.
    """
    by_stage: dict[int, list[Row]] = {}
    for row in rows or ():
        if row["measured"]:
            by_stage.setdefault(row["stage"], []).append(row)
    begun = datetime.fromisoformat(report.begun or "1970-01-01T00:00:00+00:00")
    folders = safe_names(report.by_load)
    files: dict[str, str | bytes] = {}
    for number, (label, stage) in enumerate(report.by_load.items()):
        mine = by_stage.get(number, [])
        metrics = {**_totals(stage), **(_of_requests(mine) if rows is not None else _of_report(stage))}
        files[f"{folders[label]}/{SUMMARY}"] = orjson.dumps(
            metrics | _about(report, stage, begun, number), option=orjson.OPT_INDENT_2
        )
        files[f"{folders[label]}/{TABLE}"] = _table(metrics)
        if rows is not None:
            lines = (orjson.dumps(_request(row, place, begun)) + b"\n" for place, row in enumerate(mine))
            files[f"{folders[label]}/{REQUESTS}"] = b"".join(lines)
    return files


def _about(report: StressReport, stage: StageMetrics, begun: datetime, number: int) -> dict[str, Any]:
    """Return what the JSON says beside the metrics; it does not pretend to be aiperf's own."""
    begin = begun + timedelta(seconds=stage.begin)
    models = [str(agent["model"]) for agent in report.agents if "model" in agent] or [report.models]
    failed = [{"error_details": {"type": cause, "message": cause}, "count": count} for cause, count in stage.errors.items()]
    return {
        "schema_version": SCHEMA,
        "benchmark_id": blake2b(f"{report.begun}/{report.plan.agents}/{number}".encode(), digest_size=6).hexdigest(),
        "input_config": {
            "models": {"items": [{"name": name} for name in models]},
            "endpoint": {"urls": list(report.plan.urls), "type": "chat", "streaming": True},
            "datasets": [_dataset(stage)],
            "phases": [_phase(report, stage)],
        },
        "made_by": {"tool": "clemsim stress", "version": report.made.clemsim, "load": stage.label},
        "was_cancelled": bool(report.stopped),
        "is_complete": not report.stopped,
        "error_summary": failed,
        "start_time": _local(begin),
        "end_time": _local(begin + timedelta(seconds=stage.seconds)),
    }


def _dataset(stage: StageMetrics) -> dict[str, Any]:
    """Return the conversations as aiperf's configuration can say it: requests of these mean lengths."""
    means = {"isl": {"mean": stage.tokens_in_per_turn}, "osl": {"mean": stage.tokens_out_per_turn}}
    prompts = {"prompts": {name: mean for name, mean in means.items() if mean["mean"]}}
    return {"name": "main", "type": "synthetic", "entries": max(1, stage.turns), **prompts}


def _phase(report: StressReport, stage: StageMetrics) -> dict[str, Any]:
    """Return the load of a stage as a phase of aiperf's configuration."""
    phase: dict[str, Any] = {"name": "profiling", "kind": "profiling", "duration": stage.seconds}
    if report.plan.replay and not stage.load:
        return phase | {"type": "fixed_schedule"}
    if stage.open and not report.plan.replay:
        return phase | {"type": report.plan.arrivals, "rate": stage.load}
    return phase | {"type": "concurrency", "concurrency": max(1, round(stage.load))}


def _local(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _totals(stage: StageMetrics) -> dict[str, Metric]:
    failed = sum(stage.errors.values()) + stage.unanswered
    tokens_in, tokens_out = stage.tokens_in_per_turn * stage.turns, stage.tokens_out_per_turn * stage.turns
    values = {
        "request_throughput": stage.turns_per_second,
        "request_count": stage.turns,
        "error_request_count": failed if failed else None,
        "output_token_throughput": stage.output_tokens_per_second,
        "output_token_throughput_per_gpu": stage.tokens_per_second_per_gpu,
        "input_token_throughput": stage.input_tokens_per_second,
        "total_token_throughput": stage.output_tokens_per_second + stage.input_tokens_per_second,
        "total_output_tokens": tokens_out,
        "total_isl": tokens_in,
        "total_osl": tokens_out,
        "benchmark_duration": stage.seconds,
        "goodput": stage.goodput,
    }
    return {tag: {"unit": KINDS[tag].unit, "avg": float(value)} for tag, value in values.items() if value is not None}


def _of_report(stage: StageMetrics) -> dict[str, Metric]:
    """Return the statistics that the report itself knows."""
    latency = stage.latency
    metrics = {
        "request_latency": _latency(latency.turn),
        "time_to_first_token": _latency(latency.ttft),
        "inter_token_latency": _latency(latency.tpot),
        "output_sequence_length": _lengths(stage.output_length),
        "input_sequence_length": _lengths(stage.input_length),
    }
    return {tag: {"unit": KINDS[tag].unit, **values} for tag, values in metrics.items() if values}


def _latency(latency: Latency) -> Metric:
    if latency.mean is None:
        return {}
    values = {f"p{percent}": latency.percentile(percent) for percent in PERCENTS}
    return {name: 1000 * value for name, value in {"avg": latency.mean, **values}.items() if value is not None} | {
        "count": latency.n
    }


def _lengths(lengths: Lengths | None) -> Metric:
    if lengths is None:
        return {}
    ends = {"min": lengths.least, "max": lengths.greatest, "count": lengths.n}
    values = {"avg": lengths.mean, "p50": lengths.p50, "p90": lengths.p90, "p99": lengths.p99, **ends}
    return {name: value for name, value in values.items() if value is not None}


def _of_requests(rows: Sequence[Row]) -> dict[str, Metric]:
    """Return the statistics of all answered requests, each metric of those that have it."""
    values: dict[str, list[float]] = {}
    for row in rows:
        for tag, value in request_metrics(row).items():
            values.setdefault(tag, []).append(value)
    return {kind.tag: {"unit": kind.unit, **statistics(values[kind.tag])} for kind in PER_REQUEST if kind.tag in values}


def request_metrics(row: Row) -> dict[str, float]:
    """Return the metrics of one request by aiperf's tags, in its units; none of one that failed."""
    if row["error"]:
        return {}
    tokens_in, tokens_out, cached = (row[name] or 0 for name in ("tokens_in", "tokens_out", "tokens_cached"))
    metrics: dict[str, float] = {
        "output_sequence_length": tokens_out,
        "input_sequence_length": tokens_in,
        "output_token_count": tokens_out,
        "usage_prompt_tokens": tokens_in,
        "usage_completion_tokens": tokens_out,
        "usage_total_tokens": tokens_in + tokens_out,
        "usage_prompt_cache_read_tokens": cached,
    }
    if row["first"] is None:
        return metrics
    first, whole = row["first"] - row["sent"], row["last"] - row["sent"]
    metrics |= {
        "time_to_first_token": 1000 * first,
        "request_latency": 1000 * whole,
        "decode_duration": 1000 * (whole - first),
    }
    if whole > 0:
        metrics["e2e_output_token_throughput"] = tokens_out / whole
    if first > 0:
        metrics["prefill_throughput_per_user"] = tokens_in / first
    if tokens_out > 1 and whole > first:
        each = (whole - first) / (tokens_out - 1)
        metrics |= {"inter_token_latency": 1000 * each, "output_token_throughput_per_user": 1 / each}
    return metrics


def statistics(values: Sequence[float]) -> Metric:
    """Return aiperf's statistics of one value or more; the deviation is that of the values, not of a sample."""
    ordered = sorted(values)
    count, total = len(ordered), float(sum(ordered))
    mean = total / count
    found = {f"p{percent}": _quantile(ordered, percent / 100) for percent in QUANTILES}
    deviation = (sum((value - mean) ** 2 for value in ordered) / count) ** 0.5
    ends = {"min": float(ordered[0]), "max": float(ordered[-1])}
    return {"avg": mean, **found, **ends, "std": deviation, "count": count, "sum": total}


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile, linear between the two values beside it (Hyndman and Fan 1996, type 7)."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _request(row: Row, number: int, begun: datetime) -> dict[str, Any]:
    """Return the line of a request. One that failed begins and ends when it was due, for no more is known of it."""
    begin, end = (row["due"] if row[name] is None else row[name] for name in ("sent", "last"))
    metadata: dict[str, Any] = {
        "session_num": number,
        "credit_issued_ns": _ns(begun, row["due"]),
        "request_start_ns": _ns(begun, begin),
        "request_end_ns": _ns(begun, max(begin, end)),
        "worker_id": "clemsim",
        "record_processor_id": "clemsim",
        "benchmark_phase": "profiling",
        "phase_name": "profiling",
        "phase_kind": "profiling",
        "was_cancelled": False,
    }
    metrics = {tag: {"value": value, "unit": KINDS[tag].unit} for tag, value in request_metrics(row).items()}
    failed = {"error": {"type": row["error"], "message": row["error"]}} if row["error"] else {}
    return {"metadata": metadata, "metrics": metrics, **failed}


def _ns(begun: datetime, seconds: float) -> int:
    return round(begun.timestamp()) * 1_000_000_000 + round(1e9 * seconds)


def _table(metrics: Mapping[str, Metric]) -> str:
    """Return the CSV: metrics of requests with their statistics, then, below an empty line, single values."""
    text = StringIO()
    writer = csv.writer(text)
    kinds = {title(KINDS[tag]): metric for tag, metric in metrics.items()}
    several = {name: metric for name, metric in sorted(kinds.items()) if "p50" in metric}
    if several:
        writer.writerow(["Metric", *STATISTICS])
        writer.writerows([name, *(_number(metric.get(key)) for key in STATISTICS)] for name, metric in several.items())
        writer.writerow([])
    writer.writerow(["Metric", "Value"])
    writer.writerows([name, _number(metric["avg"])] for name, metric in sorted(kinds.items()) if name not in several)
    return text.getvalue()


def title(kind: MetricKind) -> str:
    """Return the name of a metric in a table, with its unit."""
    return kind.title if kind.unit in NO_UNIT else f"{kind.title} ({kind.unit})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
