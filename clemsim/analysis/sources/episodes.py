"""Reads the single episodes of a run, for what counts of instances cannot tell: pairs, repetitions, what is unfinished."""

from __future__ import annotations

from pathlib import Path

from clemsim.results.repetitions import Repetitions, by_cast
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.schema import ANSWERED

CONSTRAINED = " (constrained)"  # may follow a cast in the name of its model


def read_repetitions(folder: Path) -> dict[str, Repetitions]:
    """Return the episodes of each cast by game, instance and repetition. Raises StoreError.

    Those that an answered stopping rule left unplayed are not among them.
    """
    with reader.reading(folder / STORE) as base:
        rows = list(reader.episodes(base))
    return by_cast((row.key, row.outcome) for row in rows if row.outcome or row.cause != ANSWERED)


def repetitions_of(folder: Path, model: str) -> Repetitions:
    """Return the episodes of the cast that a model is called after. Raises StoreError."""
    casts = read_repetitions(folder)
    return casts.get(model) or casts.get(model.removesuffix(CONSTRAINED)) or {}
