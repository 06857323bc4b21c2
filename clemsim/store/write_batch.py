"""The rows that are written into a run store in one commit.

Rows of one kind go in as one JSON text, which SQLite takes apart without the interpreter's lock. Row by row, the thread
that writes would have to get that lock back for each, and would fall behind a busy event loop by seconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

import orjson

from clemsim.store.checksums import seal


def columns(count: int) -> str:
    """Return the SQL for all columns of a row."""
    return ", ".join(f"value->>{column}" for column in range(count))


# By kind of row, in the order in which a batch is written.
STATEMENTS = {
    "meta": f"INSERT OR REPLACE INTO meta SELECT {columns(2)} FROM json_each(?)",
    "enlisted": 'INSERT INTO episodes (id, arena, instance, repetition, "cast", experiment, version, data)'
    f" SELECT {columns(8)} FROM json_each(?)",
    "started": "UPDATE episodes SET status='playing', cause=NULL, detail=NULL, started=coalesce(started, value->>1)"
    " FROM json_each(?) WHERE episodes.id=value->>0",
    "events": "INSERT OR IGNORE INTO events SELECT value->>0, value->>1, value->>2, value->3 FROM json_each(?)",
    "requests": f"INSERT OR REPLACE INTO requests SELECT {columns(18)} FROM json_each(?)",
    "unfinished": "UPDATE episodes SET status='unfinished', cause=value->>1, detail=value->>2"
    " FROM json_each(?) WHERE episodes.id=value->>0",
    "ended": "UPDATE episodes SET status='done', outcome=value->>1, reason=value->>2, blame=value->>3, ended=value->>4"
    " FROM json_each(?) WHERE episodes.id=value->>0",
    "unscored": "DELETE FROM scores WHERE episode IN (SELECT value->>0 FROM json_each(?))",
    "scores": f"INSERT OR REPLACE INTO scores SELECT {columns(4)} FROM json_each(?)",
    "qualities": "UPDATE episodes SET quality=value->>1 FROM json_each(?) WHERE episodes.id=value->>0",
    "seats": f"INSERT OR REPLACE INTO seats SELECT {columns(5)} FROM json_each(?)",
    "loads": f"INSERT INTO loads SELECT {columns(12)} FROM json_each(?)",
}

# Kinds whose rows begin with the number of an episode.
OF_EPISODES = frozenset(STATEMENTS) - {"meta", "loads"}

# What is wrong with a row, not with the disk.
UNWRITABLE = (TypeError, OverflowError, sqlite3.IntegrityError, sqlite3.DataError)
NOT_STORED = "not stored"  # cause of episodes of which a row could not be written

# SQLite may read a decimal fraction one bit off. Scores with a fraction are few, and are bound as the numbers they are.
EXACTLY = {
    "scores": "INSERT OR REPLACE INTO scores VALUES (?,?,?,?)",
    "qualities": "UPDATE episodes SET quality=given.quality FROM (SELECT ? AS id, ? AS quality) AS given"
    " WHERE episodes.id=given.id",
    "seats": "INSERT OR REPLACE INTO seats VALUES (?,?,?,?,?)",
}


class WriteBatch:
    """Rows by kind; the last column of a kind in EXACTLY is its number."""

    __slots__ = ("_exact", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, list[Sequence[Any]]] = {kind: [] for kind in STATEMENTS}
        self._exact: dict[str, list[Sequence[Any]]] = {kind: [] for kind in EXACTLY}

    def add(self, kind: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of one kind."""
        self._rows[kind].extend(rows)

    def add_numbers(self, kind: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows that end in a number or None. What is not finite is as undefined as None."""
        for *key, number in rows:
            if number is None or not isfinite(number):
                self._rows[kind].append((*key, None))
            elif number == int(number):
                self._rows[kind].append((*key, int(number)))
            else:
                self._exact[kind].append((*key, number))

    def write(self, base: sqlite3.Connection) -> None:
        """Write all rows into the store, or none. Raises sqlite3.Error, and TypeError for what JSON cannot hold."""
        if not any(self._rows.values()) and not any(self._exact.values()):
            return
        with base:
            base.execute("BEGIN")
            for kind, rows in self._rows.items():
                if rows:
                    base.execute(STATEMENTS[kind], (orjson.dumps(rows).decode(),))
                if exact := self._exact.get(kind):
                    base.executemany(EXACTLY[kind], exact)
            if ended := self._rows["ended"]:
                seal(base, [row[0] for row in ended])

    def write_apart(self, base: sqlite3.Connection, set_aside: dict[int, str]) -> None:
        """Write what can be written, row by row, in one commit. Of an episode of which a row cannot be written, nothing
        that comes after it is; such episodes, and the reason, are added to `set_aside`. Raises sqlite3.Error.
        """
        with base:
            base.execute("BEGIN")
            for kind, statement, row, whole in self._statements():
                number = row[0] if kind in OF_EPISODES else None
                if number in set_aside:
                    continue
                try:
                    base.execute(statement, (orjson.dumps([row]).decode(),) if whole else row)
                except UNWRITABLE as error:
                    if kind == "enlisted":
                        raise
                    if number is not None:  # else it is a sample of the width's history, which is left out
                        set_aside[number] = f"a row of its {kind} cannot be stored: {error}"
            rows = [(number, NOT_STORED, detail) for number, detail in set_aside.items()]
            base.execute(STATEMENTS["unfinished"], (orjson.dumps(rows).decode(),))
            seal(base, [row[0] for row in self._rows["ended"] if row[0] not in set_aside])

    def without(self, episodes: Collection[int]) -> WriteBatch:
        """Return the batch without the rows of these episodes."""
        rest = WriteBatch()
        for mine, theirs in ((self._rows, rest._rows), (self._exact, rest._exact)):
            for kind, rows in mine.items():
                theirs[kind] = [row for row in rows if kind not in OF_EPISODES or row[0] not in episodes]
        return rest

    def _statements(self) -> Iterator[tuple[str, str, Sequence[Any], bool]]:
        """Yield each row with its kind and statement, and whether it is bound as JSON, in the order of writing."""
        for kind, rows in self._rows.items():
            yield from ((kind, STATEMENTS[kind], row, True) for row in rows)
            yield from ((kind, EXACTLY[kind], row, False) for row in self._exact.get(kind, ()))
