"""Readers of the results of other tools."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.extras import library
from clemsim._util.files import reading_file
from clemsim.errors import UsageError
from clemsim.interop.items.item import ItemResult, digest_of, score_of

MODEL, TASK, ITEM, SCORE = ("model", "agent"), ("task", "game"), ("item", "id", "instance"), ("score", "value")


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each line of a file of JSON objects, with where it stands. Raises UsageError."""
    with reading_file(path), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{path}, line {number}"
            try:
                data = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UsageError(f"{where} is no JSON: {error}") from error
            if not isinstance(data, dict):
                raise UsageError(f"{where} is no JSON object")
            yield where, data


def json_object(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file. Raises UsageError."""
    with reading_file(path):
        content = path.read_bytes()
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path} is no JSON object")
    return data


def read_inspect(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read a log of Inspect: the score of its scorer `metric`, or of its first. A sample that failed is not scored."""
    logs = library("inspect_ai.log", "inspect", "reading Inspect logs")
    try:
        log = logs.read_eval_log(str(path))
    except Exception as error:
        raise UsageError(f"{path} cannot be read as a log of Inspect: {error}") from error
    for sample in log.samples or ():
        about = (str(log.eval.model), str(log.eval.task), str(sample.id))
        question = sample.input if isinstance(sample.input, str) else [message.text for message in sample.input]
        digest = digest_of([question, sample.choices, sample.target])
        scores = sample.scores or {}
        name = metric or next(iter(scores), "")
        if name not in scores:
            yield ItemResult(*about, None, digest, sample.error.message if sample.error else f"it has no score {name}")
        else:
            yield ItemResult(*about, score_of(scores[name].value, f"{path}, sample {sample.id}"), digest)


def read_lm_eval(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read samples of lm-evaluation-harness: `metric`, or the first of those that a sample names."""
    task = path.stem.removeprefix("samples_").partition("_20")[0]
    model = _lm_eval_model(path)
    for where, line in json_lines(path):
        names = [metric] if metric else [str(name) for name in line.get("metrics", ())]
        name = next((name for name in names if name in line), "")
        if not name:
            raise UsageError(f"{where} has no metric {metric or ''}: choose one of {', '.join(line.get('metrics', ()))}")
        filtered = str(line.get("filter", "none"))
        part = task if filtered == "none" else f"{task}, {filtered}"
        digest = str(line.get("doc_hash") or digest_of(line.get("doc")))
        yield ItemResult(model, part, str(line["doc_id"]), score_of(line[name], where), digest)


def _lm_eval_model(path: Path) -> str:
    """Return the name of the model, which the file of results beside the samples has, or their folder."""
    for beside in sorted(path.parent.glob("results*.json")):
        name = json_object(beside).get("model_name")
        if isinstance(name, str) and name:
            return name
    return path.parent.name or "model"


def read_eee(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read the samples of an evaluation in every-eval-ever's schema. Scores beyond 0 to 1 are read as points of 100."""
    lines = list(json_lines(path))
    scores = [float(line["evaluation"]["score"]) for _, line in lines]
    unit = 100.0 if max(scores, default=0.0) > 1 else 1.0
    for (where, line), score in zip(lines, scores, strict=True):
        task = str(line.get("evaluation_name", "task"))
        digest = str(line.get("sample_hash") or digest_of(line.get("input")))
        yield ItemResult(str(line["model_id"]), task, str(line["sample_id"]), score_of(score / unit, where), digest)


def read_tau2(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read the simulations of a run of tau2: the reward of each trial of each task."""
    data = json_object(path)
    about: Mapping[str, Any] = data.get("info") or {}
    agent = (about.get("agent_info") or {}).get("llm") or (about.get("agent_info") or {}).get("implementation") or path.stem
    domain = (about.get("environment_info") or {}).get("domain_name") or "tau2"
    tasks = {str(task.get("id")): digest_of(task) for task in data.get("tasks", ())}
    for simulation in data["simulations"]:
        item = str(simulation.get("task_id"))
        reward = (simulation.get("reward_info") or {}).get("reward")
        where = f"{path}, task {item}, trial {simulation.get('trial', 0)}"
        if reward is None:
            reason = str(simulation.get("termination_reason") or "it has no reward")
            yield ItemResult(str(agent), str(domain), item, None, tasks.get(item, ""), reason)
        else:
            yield ItemResult(str(agent), str(domain), item, score_of(reward, where), tasks.get(item, ""))


def read_table(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read a table with a row for each score: columns model, item, score, and task where there are several. It is CSV, or
    JSON lines; several rows of one model and item are repetitions.
    """
    rows = json_lines(path) if path.suffix == ".jsonl" else _csv(path)
    for where, row in rows:
        value = _column(row, (metric,) if metric else SCORE, where)
        yield ItemResult(
            str(_column(row, MODEL, where)),
            str(next((row[name] for name in TASK if row.get(name)), "task")),
            str(_column(row, ITEM, where)),
            score_of(value, where),
        )


def _csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with reading_file(path), path.open(newline="", encoding="utf-8-sig") as file:
        dialect = csv.excel_tab if path.suffix == ".tsv" else csv.excel
        for number, row in enumerate(csv.DictReader(file, dialect=dialect), 2):
            yield f"{path}, line {number}", row


def _column(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> Any:
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    raise UsageError(
        f"{where} has no {names[0]}: a table has the columns model, item, score, and task where there are several"
    )
