"""What came of the stopping rule of a run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from clemsim.results.intervals import Interval
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.schema import ANSWERED, QUESTION

DIFFERENCE = "difference in worth"  # what rules about two agents bound
ENDED = "SELECT 1 FROM episodes WHERE cause = ? LIMIT 1"


class StoppingResult(BaseModel):
    """The answer of the stopping rule of a run, and the intervals that it rests on."""

    model_config = ConfigDict(frozen=True)
    rule: str
    answer: str | None  # `yes` or `no`; None: not answered yet
    looked_at: int  # instances that the answer rests on
    instances: int  # instances that there are to look at
    intervals: dict[str, Interval]  # in points
    text: str  # all of it in one line
    quantity: str = ""  # what the intervals are of; empty: a run of clemsim 0.1, which did not say
    agents: tuple[str, ...] = ()  # that the rule asks about


def recorded_result(base: sqlite3.Connection) -> StoppingResult | None:
    """Return what is recorded of the stopping rule of a run; None: it has none. Raises StoreError."""
    recorded = reader.meta(base).get(QUESTION)
    return StoppingResult.model_validate(recorded) if recorded else None


def ended_by(folder: Path) -> StoppingResult | None:
    """Return the result of the stopping rule that ended the run in `folder`; None: it was played to its end, or stopped
    otherwise. Raises StoreError.
    """
    with reader.reading(folder / STORE) as base:
        return recorded_result(base) if base.execute(ENDED, (ANSWERED,)).fetchone() else None


def stopped_when(folder: Path) -> str | None:
    """Return in one line why the stopping rule of a run ended it; None: it did not. Raises StoreError."""
    result = ended_by(folder)
    return result.text if result else None
