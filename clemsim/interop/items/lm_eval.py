"""Reads samples of lm-evaluation-harness (0.4): a file for each task, beside a file of results with what was run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clemsim.errors import UsageError
from clemsim.interop.items.item import ItemResult, NoSuchMetricError, digest_of, number_of, score_of
from clemsim.interop.items.lines import json_file, json_lines

NAME = re.compile(r"samples_(?P<task>.+?)(?:_(?P<time>\d{4}-\d{2}-\d{2}T[\d.:-]+))?\.jsonl")
# What a sample has beside its scores, for versions of the harness that do not list those.
KEYS = frozenset(
    ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash",
     "target_hash")
)  # fmt: skip
ASKED = ("gen_kwargs", "system_instruction", "chat_template_sha", "fewshot_as_multiturn")


def task_and_time(path: Path) -> tuple[str, str]:
    """Return the task and the time that the name of a file of samples says; the time may be empty."""
    found = NAME.fullmatch(path.name)
    return (found["task"], found["time"] or "") if found else (path.stem, "")


def newest(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the newest file of samples of each task in each folder, and those that are older."""
    latest: dict[tuple[Path, str], Path] = {}
    for path in sorted(paths, key=lambda path: task_and_time(path)[1]):
        latest[path.parent, task_and_time(path)[0]] = path
    chosen = set(latest.values())
    return [path for path in paths if path in chosen], [path for path in paths if path not in chosen]


def read_lm_eval(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read samples: the score `metric`, or the first that is a number from 0 to 1; `exact_match,strict-match` takes it by
    one filter alone. Each filter is a task of its own. Raises UsageError, also for scores that are better when lower.
    """
    task, time = task_and_time(path)
    about = _results(path, time)
    wanted, _, only = (metric or "").partition(",")
    filters: list[str] = []
    found = False
    for where, line in json_lines(path):
        filtered = str(line.get("filter", "none"))
        filters += [filtered] if filtered not in filters else []
        if only and filtered != only:
            continue
        found = True
        scores = _scores(line)
        name = wanted or next((own for own in scores if _is_score(line[own])), "") or next(iter(scores), "")
        if name not in line:
            raise NoSuchMetricError(f"{where} has no metric {wanted}: choose one of {', '.join(scores)}")
        _check_direction(about, task, name, where)
        yield ItemResult(
            str(about.get("model_name") or path.parent.name or "model"),
            task if filtered == "none" or only else f"{task}, {filtered}",
            str(line["doc_id"]),
            score_of(line[name], where),
            str(line.get("doc_hash") or digest_of(line.get("doc"))),
            metric=name,
            others=tuple(own for own in scores if own != name),
            version=_version(about, task),
            settings=_settings(about),
        )
    if only and not found:
        raise NoSuchMetricError(f"{path} has no filter {only}: it has {', '.join(filters)}")


def _scores(line: Mapping[str, Any]) -> list[str]:
    """Return the names of the scores of a sample."""
    named = line.get("metrics")
    names = [str(name) for name in named] if isinstance(named, list) else [name for name in line if name not in KEYS]
    return [name for name in names if name in line]


def _is_score(value: Any) -> bool:
    number = number_of(value)
    return number is not None and 0 <= number <= 1


def _results(path: Path, time: str) -> dict[str, Any]:
    """Return what the file of results that was written with the samples says; without one, what any in the folder says."""
    own = path.with_name(f"results_{time}.json")
    beside = [own] if time and own.is_file() else sorted(path.parent.glob("results*.json"))
    return json_file(beside[-1]) if beside else {}


def _check_direction(about: Mapping[str, Any], task: str, name: str, where: str) -> None:
    if ((about.get("higher_is_better") or {}).get(task) or {}).get(name) is False:
        raise UsageError(f"{where}: {name} is better when it is lower: choose another with --metric")


def _version(about: Mapping[str, Any], task: str) -> str | None:
    """Return the version of a task, with the number of examples before each question, which make other prompts of it."""
    version, shots = ((about.get(key) or {}).get(task) for key in ("versions", "n-shot"))
    if version is None:
        return None
    return f"{version}, {shots} examples" if shots else str(version)


def _settings(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the model was asked: what two results may differ in though their items are the same."""
    config = about.get("config") or {}
    return {name: value for name in ASKED if (value := about.get(name, config.get(name))) not in (None, {}, "")}
