"""Reads the single episodes of a run, for what counts of instances cannot tell: pairs, repetitions, what is unfinished."""

from __future__ import annotations

from pathlib import Path

from clemsim.results.repetitions import Repetitions, by_cast, games_apart
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.schema import ANSWERED

CONSTRAINED = " (constrained)"  # may follow a cast in the name of its model


def read_repetitions(folder: Path) -> dict[str, Repetitions]:
    """Return the episodes of each cast by game, instance and repetition. Raises StoreError.

    Those that an answered stopping rule left unplayed are not among them, nor are games that are scored by seat alone: they
    have no score that two agents could be compared in.
    """
    with reader.reading(folder / STORE) as base:
        rows = list(reader.episodes(base))
    apart = games_apart((row.key, row.outcome) for row in rows)
    kept = (row for row in rows if (row.outcome or row.cause != ANSWERED) and row.key.arena not in apart)
    return by_cast((row.key, row.outcome) for row in kept)


def read_games_apart(folder: Path) -> set[str]:
    """Return the games of a run that are scored by seat alone. Raises StoreError."""
    with reader.reading(folder / STORE) as base:
        return games_apart((row.key, row.outcome) for row in reader.episodes(base)) if reader.has_seats(base) else set()


def repetitions_of(folder: Path, model: str) -> Repetitions:
    """Return the episodes of the cast that a model is called after. Raises StoreError."""
    casts = read_repetitions(folder)
    return casts.get(model) or casts.get(model.removesuffix(CONSTRAINED)) or {}
