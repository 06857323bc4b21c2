"""A score of one model on one item, whatever tool has measured it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from clemsim.errors import UsageError

TRUE, FALSE = ("C", "correct", "true", "True", "pass", "yes"), ("I", "N", "incorrect", "false", "False", "fail", "no")
HALF = ("P", "partial")


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What one model scored on one item of a task. `score`: 0 to 1; None: it was not scored, for `problem`. `digest`: of
    what the item asks, where the tool keeps that; empty: items are told apart by their names alone.
    """

    model: str
    task: str
    item: str
    score: float | None
    digest: str = ""
    problem: str = ""


Reader = Callable[[Path, str | None], Iterator[ItemResult]]  # of a file or folder, and the name of the metric wanted


def digest_of(content: object) -> str:
    """Return a digest of what an item asks."""
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)).hexdigest()[:32]


def score_of(value: Any, where: str) -> float:
    """Return a score of 0 to 1 for a number, a truth value or a word for one. Raises UsageError for anything else."""
    if isinstance(value, str):
        value = 1.0 if value in TRUE else 0.0 if value in FALSE else 0.5 if value in HALF else value
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = -1.0
    if not 0 <= score <= 1:
        raise UsageError(f"{where}: a score is a number from 0 to 1, not {str(value)[:40]!r}: choose another with --metric")
    return score
