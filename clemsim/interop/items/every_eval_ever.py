"""Reads samples in every-eval-ever's schema (0.3), with the record beside them, which says what their scores are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clemsim.errors import UsageError
from clemsim.interop.items.item import ItemResult, NoSuchMetricError, digest_of, number_of, score_of
from clemsim.interop.items.lines import json_file, json_lines

SAMPLES = "_samples.jsonl"
POINTS = 100.0


def read_eee(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read the samples of an evaluation: the score `metric` of its record, or the first of each evaluation. Scores are taken
    by the scale that the record gives them; without one, those beyond 1 make all of them points of 100. A sample with an
    error is not scored. Raises UsageError, also for scores that are better when lower.
    """
    lines = list(json_lines(path))
    results = _results(path)
    whole = max((number_of(line["evaluation"]["score"]) or 0.0 for _, line in lines), default=0.0)
    metrics: dict[str, dict[str, None]] = defaultdict(dict)  # by evaluation, in their order
    for _, line in lines:
        metrics[str(line["evaluation_name"])][_metric(results, line)] = None
    _check_metric(path, metric, metrics)
    for where, line in lines:
        task, name = str(line["evaluation_name"]), _metric(results, line)
        if name != (metric if metric in metrics[task] else next(iter(metrics[task]))):
            continue
        result = results.get(str(line.get("evaluation_result_id")), {})
        config = result.get("metric_config") or {}
        if config.get("lower_is_better"):
            raise UsageError(f"{where}: {name} is better when it is lower: choose another with --metric")
        score = None if line.get("error") else _score(line["evaluation"]["score"], config, whole, where)
        yield ItemResult(
            str(line["model_id"]),
            task,
            str(line["sample_id"]),
            score,
            str(line.get("sample_hash") or digest_of(line.get("input"))),
            str(line.get("error") or ""),
            metric=name,
            others=tuple(own for own in metrics[task] if own != name),
            settings=_settings(result),
        )


def _check_metric(path: Path, metric: str | None, metrics: Mapping[str, Mapping[str, None]]) -> None:
    known = dict.fromkeys(name for own in metrics.values() for name in own)
    if metric and metric not in known:
        raise NoSuchMetricError(f"{path} has no metric {metric}: choose one of {', '.join(filter(None, known)) or 'none'}")


def _results(path: Path) -> dict[str, dict[str, Any]]:
    """Return the results of the record beside a file of samples, by their identifier; nothing where there is none."""
    record = path.with_name(path.name.removesuffix(SAMPLES) + ".json")
    found = json_file(record).get("evaluation_results") if record.is_file() else None
    return {str(own.get("evaluation_result_id")): own for own in found or ()}


def _metric(results: Mapping[str, Mapping[str, Any]], line: Mapping[str, Any]) -> str:
    config = results.get(str(line.get("evaluation_result_id")), {}).get("metric_config") or {}
    return str(config.get("metric_name") or config.get("metric_id") or line.get("evaluation_result_id") or "")


def _score(value: Any, config: Mapping[str, Any], whole: float, where: str) -> float:
    low, high = number_of(config.get("min_score")), number_of(config.get("max_score"))
    number = number_of(value)
    if number is not None and low is not None and high is not None and low < high:
        return score_of((number - low) / (high - low), where)
    return score_of(number / POINTS if number is not None and whole > 1 else value, where)


def _settings(result: Mapping[str, Any]) -> dict[str, Any]:
    given = (result.get("generation_config") or {}).get("generation_args") or {}
    return {name: value for name, value in given.items() if isinstance(value, int | float | str)}
