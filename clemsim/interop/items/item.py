"""A score of one model on one item, whatever tool has measured it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from clemsim.errors import UsageError

TRUE, FALSE = ("C", "correct", "true", "True", "pass", "yes"), ("I", "N", "incorrect", "false", "False", "fail", "no")
HALF = ("P", "partial")


class NoSuchMetricError(UsageError):
    """Results do not hold the score that was asked for."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What one model scored on one item of a task. `score`: 0 to 1; None: it was not scored, for `problem`. `digest`: of
    what the item asks, where the tool keeps that; empty: items are told apart by their names alone. `repetition`: which
    try this is, where the tool counts them. `metric`: the name of the score, where there are several, and `others`.
    `version`: of the task. `settings`: how the model was asked, in which two results may differ.
    """

    model: str
    task: str
    item: str
    score: float | None
    digest: str = ""
    problem: str = ""
    repetition: int | None = None
    metric: str = ""
    others: tuple[str, ...] = ()
    version: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)


Reader = Callable[[Path, str | None], Iterator[ItemResult]]  # of a file, and the name of the metric wanted


def digest_of(content: object) -> str:
    """Return a digest of what an item asks."""
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)).hexdigest()[:32]


def score_of(value: Any, where: str) -> float:
    """Return a score of 0 to 1 for a number, a truth value or a word for one. Raises UsageError for anything else."""
    score = number_of(value)
    if score is None or not 0 <= score <= 1:
        problem = f"{where}: a score is a number from 0 to 1, not {str(value)[:40]!r}"
        raise UsageError(f"{problem}: divide by the highest there can be, or choose another with --metric")
    return score


def number_of(value: Any) -> float | None:
    """Return the number that a value is or stands for; None where it stands for none."""
    if isinstance(value, str):
        value = 1.0 if value in TRUE else 0.0 if value in FALSE else 0.5 if value in HALF else value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def repetition_of(value: Any) -> int | None:
    """Return the number of a try; None where the value is none, so that tries are counted in their order."""
    number = number_of(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    return int(number) if number is not None and number >= 0 and number == int(number) else None
