"""Pairs of episodes of the same instance and repetition, one of each of two agents."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from clemsim.game.outcomes import Outcome
from clemsim.results.joint_outcomes import HAPPENED, Event
from clemsim.results.repetitions import worth
from clemsim.store import reader
from clemsim.store.folder import STORE

QUERY = """
SELECT arena, instance, repetition, id, outcome, reason, blame, quality FROM episodes
WHERE "cast" = ? AND status = 'done' ORDER BY id
"""
SIDES = ("both", "only_a", "only_b", "neither")


@dataclass(frozen=True, slots=True)
class EpisodePair:
    """The episodes `a` and `b` of an instance, and their outcomes; `difference`: a - b, in points of worth."""

    game: str
    instance: str
    repetition: int
    a: int
    b: int
    outcome_a: Outcome
    outcome_b: Outcome

    @property
    def name(self) -> str:
        """Its name in an address: both numbers."""
        return f"{self.a}-{self.b}"

    @property
    def difference(self) -> float:
        """The difference in worth, in points."""
        return worth(self.outcome_a) - worth(self.outcome_b)

    @property
    def parts(self) -> bool:
        """Whether the two ended otherwise, or scored otherwise."""
        return self.outcome_a.kind != self.outcome_b.kind or self.difference != 0

    def side(self, event: Event) -> str:
        """Return the cell of the 2 x 2 table of an event that the pair is counted in, one of SIDES."""
        happened = HAPPENED[event]
        first, second = happened(self.outcome_a), happened(self.outcome_b)
        return SIDES[0 if first and second else 1 if first else 2 if second else 3]


def episode_pairs(first: tuple[Path, str], second: tuple[Path, str], games: Collection[str]) -> list[EpisodePair]:
    """Return the pairs that two casts, each with the folder of its run, have finished in `games`, those that differ most
    first. Raises StoreError.
    """
    ours, theirs = _finished(*first), _finished(*second)
    pairs = [
        EpisodePair(*key, ours[key][0], theirs[key][0], ours[key][1], theirs[key][1])
        for key in ours
        if key in theirs and key[0] in games
    ]
    return sorted(pairs, key=lambda pair: (-abs(pair.difference), pair.outcome_a.kind == pair.outcome_b.kind, pair.a))


def casts_of(folder: Path) -> list[str]:
    """Return the casts of a run, in order. Raises StoreError."""
    with reader.reading(folder / STORE) as base:
        rows = base.execute('SELECT "cast" FROM episodes GROUP BY "cast" ORDER BY min(id)').fetchall()
    return [str(cast) for cast in chain.from_iterable(rows)]


def _finished(folder: Path, cast: str) -> dict[tuple[str, str, int], tuple[int, Outcome]]:
    with reader.reading(folder / STORE) as base, reader.decoding(folder / STORE):
        return dict(_rows(base.execute(QUERY, (cast,))))


def _rows(rows: sqlite3.Cursor) -> Iterator[tuple[tuple[str, str, int], tuple[int, Outcome]]]:
    for arena, instance, repetition, number, kind, reason, blame, quality in rows:
        yield (str(arena), str(instance), int(repetition)), (int(number), Outcome(kind, reason or "", blame, quality))
