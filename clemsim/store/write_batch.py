"""The rows that are written into a run store in one commit.

Many rows go in with one statement, all their values bound to it: SQLite carries a statement out without the interpreter's
lock. Row by row, the thread that writes would have to get that lock back for each, and would fall behind a busy event loop
by seconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from math import isfinite
from typing import Any

import orjson

from clemsim.store.checksums import seal

# What was recorded of an episode is kept when it begins anew, each row as an array.
KEPT = """json_object(
    'events', json((SELECT json_group_array(json_array(number, type, body))
        FROM (SELECT * FROM events WHERE episode = column1 ORDER BY number))),
    'requests', json((SELECT json_group_array(json_array(turn, seat, agent, model, seed, started, seconds, tokens_in,
        tokens_out, tokens_cached, retries, stop, fingerprint, prefix, replica, queued, first_token))
        FROM (SELECT * FROM requests WHERE episode = column1 ORDER BY turn))),
    'details', json((SELECT json_group_array(json_array(turn, name, value)) FROM details WHERE episode = column1)))"""

# By kind of row, in the order in which a batch is written: the statement, and how many columns a row has.
STATEMENTS = {
    "meta": ("INSERT OR REPLACE INTO meta VALUES {rows}", 2),
    "enlisted": (
        'INSERT INTO episodes (id, arena, instance, repetition, "cast", experiment, version, data) VALUES {rows}',
        8,
    ),
    "started": (
        "UPDATE episodes SET status='playing', cause=NULL, detail=NULL, started=coalesce(started, column2)"
        " FROM (VALUES {rows}) WHERE episodes.id=column1",
        2,
    ),
    "restarts": (
        "INSERT INTO restarts SELECT column1, (SELECT count(*) + 1 FROM restarts WHERE episode = column1), column2, column3,"
        f" {KEPT} FROM (VALUES {{rows}})",
        3,
    ),
    **{
        f"{table} of restarts": (f"DELETE FROM {table} WHERE episode IN (VALUES {{rows}})", 1)
        for table in ("events", "requests", "details")
    },
    "images": ("INSERT OR IGNORE INTO images VALUES {rows}", 3),
    "events": ("INSERT OR IGNORE INTO events VALUES {rows}", 4),
    "requests": ("INSERT OR REPLACE INTO requests VALUES {rows}", 18),
    "details": ("INSERT OR REPLACE INTO details VALUES {rows}", 4),
    "unfinished": (
        "UPDATE episodes SET status='unfinished', cause=column2, detail=column3"
        " FROM (VALUES {rows}) WHERE episodes.id=column1",
        3,
    ),
    "ended": (
        "UPDATE episodes SET status='done', outcome=column2, reason=column3, blame=column4, quality=column5, ended=column6"
        " FROM (VALUES {rows}) WHERE episodes.id=column1",
        6,
    ),
    "unscored": ("DELETE FROM scores WHERE episode IN (VALUES {rows})", 1),
    "scores": ("INSERT OR REPLACE INTO scores VALUES {rows}", 4),
    "seats": ("INSERT OR REPLACE INTO seats VALUES {rows}", 5),
    "loads": ("INSERT INTO loads VALUES {rows}", 13),
}

# Kinds whose rows begin with the number of an episode.
OF_EPISODES = frozenset(STATEMENTS) - {"meta", "images", "loads"}

# What is wrong with a row, not with the disk.
UNWRITABLE = (TypeError, OverflowError, UnicodeError, sqlite3.IntegrityError, sqlite3.DataError)
NOT_STORED = "not stored"  # cause of episodes of which a row could not be written

# Numbers of rows that go into one statement. Few, so that SQLite compiles few statements.
SIZES = (64, 16, 4, 1)


def statement(kind: str, count: int) -> str:
    """Return the statement that writes so many rows of a kind."""
    text, columns = STATEMENTS[kind]
    return text.format(rows=", ".join([f"({', '.join('?' * columns)})"] * count))


_SQL = {(kind, count): statement(kind, count) for kind in STATEMENTS for count in SIZES}


def finite(number: float | None) -> float | None:
    """Return the number, or None for what is not finite, which is as undefined."""
    return None if number is None or not isfinite(number) else float(number)


class WriteBatch:
    """Rows by kind. The last column of `events` is the event itself."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[str, list[Sequence[Any]]] = {kind: [] for kind in STATEMENTS}

    def add(self, kind: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of one kind."""
        self.rows[kind].extend(rows)

    def write(self, base: sqlite3.Connection) -> None:
        """Write all rows into the store, or none. Raises sqlite3.Error, and UNWRITABLE for a row that cannot be stored."""
        if not any(self.rows.values()):
            return
        with base:
            base.execute("BEGIN")
            for kind, rows in self.rows.items():
                _insert(base, kind, rows)
            if ended := self.rows["ended"]:
                seal(base, [row[0] for row in ended])

    def write_apart(self, base: sqlite3.Connection, set_aside: dict[int, str]) -> None:
        """Write what can be written, row by row, in one commit. Of an episode of which a row cannot be written, nothing
        that comes after it is; such episodes, and the reason, are added to `set_aside`. Raises sqlite3.Error.
        """
        with base:
            base.execute("BEGIN")
            for kind, row in self._each():
                number = row[0] if kind in OF_EPISODES else None
                if number in set_aside:
                    continue
                try:
                    _insert(base, kind, [row])
                except UNWRITABLE as error:
                    if kind == "enlisted":
                        raise
                    if number is not None:  # else it is a sample of the width's history or a picture, which is left out
                        set_aside[number] = f"a row of its {kind} cannot be stored: {error}"
            _insert(base, "unfinished", [(number, NOT_STORED, detail) for number, detail in set_aside.items()])
            seal(base, [row[0] for row in self.rows["ended"] if row[0] not in set_aside])

    def without(self, episodes: Collection[int]) -> WriteBatch:
        """Return the batch without the rows of these episodes."""
        rest = WriteBatch()
        for kind, rows in self.rows.items():
            rest.add(kind, (row for row in rows if kind not in OF_EPISODES or row[0] not in episodes))
        return rest

    def _each(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """Yield each row with its kind, in the order of writing."""
        for kind, rows in self.rows.items():
            yield from ((kind, row) for row in rows)


def _insert(base: sqlite3.Connection, kind: str, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows of one kind, as many with one statement as go."""
    values, width = list(chain.from_iterable(rows)), STATEMENTS[kind][1]
    if kind == "events":
        values[width - 1 :: width] = [orjson.dumps(event).decode() for event in values[width - 1 :: width]]
    begin, left = 0, len(rows)
    for size in SIZES:
        while left >= size:
            end = begin + size * width
            base.execute(_SQL[kind, size], values[begin:end])
            begin, left = end, left - size
