"""The rows that are written into a run store in one commit.

Rows of one kind go in as one JSON text, which SQLite takes apart without the interpreter's lock. Row by row, the thread
that writes would have to get that lock back for each, and would fall behind a busy event loop by seconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import orjson


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
    "loads": f"INSERT INTO loads SELECT {columns(12)} FROM json_each(?)",
}

# SQLite may read a decimal fraction one bit off. Scores with a fraction are few, and are bound as the numbers they are.
EXACTLY = {
    "scores": "INSERT OR REPLACE INTO scores VALUES (?,?,?,?)",
    "qualities": "UPDATE episodes SET quality=?2 WHERE id=?1",
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
        """Add rows that end in a number or None."""
        for row in rows:
            whole = row[-1] is None or row[-1] == int(row[-1])
            (self._rows if whole else self._exact)[kind].append(
                (*row[:-1], int(row[-1])) if whole and row[-1] is not None else row
            )

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
