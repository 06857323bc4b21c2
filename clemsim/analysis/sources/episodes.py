"""Reads the single episodes of a run, for what counts of instances cannot tell: pairs, repetitions, what is unfinished."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.repetitions import Repetitions, by_cast
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.schema import ANSWERED


def read_repetitions(folder: Path) -> dict[str, Repetitions]:
    """Return the episodes of each cast by game, instance and repetition. Raises StoreError.

    Those that an answered stopping rule left unplayed are not among them, nor are games that are scored by seat alone: they
    have no score that two agents could be compared in.
    """
    with reader.reading(folder / STORE) as base:
        rows, apart = list(reader.outcomes(base)), reader.games_apart(base)
    return by_cast(kept(rows, apart))


def kept(
    rows: Iterable[tuple[EpisodeKey, Outcome | None, str]], apart: Collection[str]
) -> Iterator[tuple[EpisodeKey, Outcome | None]]:
    """Yield the episodes that agents are compared by, without those that `read_repetitions` leaves out."""
    for key, outcome, cause in rows:
        if (outcome or cause != ANSWERED) and key.arena not in apart:
            yield key, outcome
