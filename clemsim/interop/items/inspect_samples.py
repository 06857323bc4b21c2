"""Reads the samples of Inspect's logs, by Inspect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clemsim._util.extras import library
from clemsim.errors import UsageError
from clemsim.interop.items.item import ItemResult, NoSuchMetricError, digest_of, score_of

SETTINGS = ("temperature", "max_tokens", "top_p", "system_message", "reasoning_effort")


def read_inspect(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read a log: the score of its scorer `metric`, or of its first; of a score by name, `scorer.name`. A sample that failed
    is not scored. Raises UsageError.
    """
    logs = library("inspect_ai.log", "inspect", "reading Inspect logs")
    try:
        log = logs.read_eval_log(str(path))
    except Exception as error:
        raise UsageError(f"{path} cannot be read as a log of Inspect: {' '.join(str(error).split())[:200]}") from error
    model, task, version = str(log.eval.model), str(log.eval.task), str(log.eval.task_version)
    settings = {name: value for name in SETTINGS if (value := getattr(log.plan.config, name, None)) is not None}
    for sample in log.samples or ():
        question = sample.input if isinstance(sample.input, str) else [message.text for message in sample.input]
        digest = digest_of([question, sample.choices, sample.target])
        where = f"{path}, sample {sample.id}"
        scores = sample.scores or {}
        name = metric or next(iter(scores), "")
        value = _value(scores, name, where)
        if value is None and scores and not sample.error:
            raise NoSuchMetricError(f"{where} has no score {name}: choose with --metric one of {', '.join(scores)}")
        problem = "" if value is not None else sample.error.message if sample.error else "it has no score"
        yield ItemResult(
            model,
            task,
            str(sample.id),
            None if value is None else score_of(value, where),
            digest,
            problem,
            repetition=max(0, sample.epoch - 1),
            metric=name if len(scores) > 1 else "",
            others=tuple(own for own in scores if own != name),
            version=version,
            settings=settings,
        )


def _value(scores: Mapping[str, Any], name: str, where: str) -> Any:
    """Return the value of a score; None where there is none. Raises UsageError where it has several parts."""
    scorer, _, part = name.partition(".")
    found = scores.get(name) or scores.get(scorer)
    if found is None:
        return None
    if not isinstance(found.value, dict):
        return found.value
    if part not in found.value:
        names = ", ".join(f"{scorer}.{own}" for own in found.value)
        raise UsageError(f"{where}: {scorer} has several parts: choose with --metric one of {names}")
    return found.value[part]
