"""A checksum for each episode that has ended: of its key, its instance, its events and its outcome, as they are stored.

It is written in the commit that writes the outcome. Scores are not part of it, for they can be computed anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from clemsim.errors import StoreError

# The events of an episode are joined by SQLite, which needs no interpreter's lock for it. No event has a line break in it:
# JSON escapes them. ORDER BY keeps to the key, in whose order the rows lie anyway.
FACTS = """
SELECT id, arena, instance, repetition, "cast", experiment, version, data, outcome, reason, blame, quality,
    (SELECT group_concat(number || ' ' || type || ' ' || body, char(10))
     FROM (SELECT number, type, body FROM events WHERE episode = episodes.id ORDER BY number))
FROM episodes WHERE id IN (SELECT value FROM json_each(?)) AND status = 'done'
"""
EXPECTED = """SELECT id, arena, instance, "cast", checksum FROM episodes WHERE status = 'done' AND checksum IS NOT NULL"""
WRITE = "UPDATE episodes SET checksum = value->>1 FROM json_each(?) WHERE episodes.id = value->>0"
STEP = 500  # episodes that are read at once

Watch = Callable[[int, int], None]  # episodes that were looked at, and all


def seal(base: sqlite3.Connection, episodes: Sequence[int]) -> None:
    """Write the checksums of episodes that have just ended. Raises sqlite3.Error."""
    sums = list(_checksums(base, episodes))
    base.execute(WRITE, (orjson.dumps(sums).decode(),))


def check(
    base: sqlite3.Connection, episode: int | None = None, *, cast: str | None = None, watch: Watch = lambda done, all_: None
) -> None:
    """Raise StoreError naming the first episode whose record is not the one that was written; of all, of this one, or of
    those of this cast. `watch` is told how many were looked at, of how many.

    Episodes of a store of version 2 have no checksum, and pass.
    """
    for problem in damaged(base, episode, cast=cast, watch=watch):
        raise StoreError(problem)


def damaged(
    base: sqlite3.Connection, episode: int | None = None, *, cast: str | None = None, watch: Watch = lambda done, all_: None
) -> Iterator[str]:
    """Yield a line for each episode whose record is not the one that was written."""
    if not sealed(base):
        return
    chosen = {"id": episode, '"cast"': cast}
    bound = {column: value for column, value in chosen.items() if value is not None}
    query = "".join([EXPECTED, *(f" AND {column} = ?" for column in bound)])
    expected = {id_: row for id_, *row in base.execute(query, tuple(bound.values()))}
    ids = list(expected)
    for begin in range(0, len(ids), STEP):
        part = ids[begin : begin + STEP]
        found = dict(_checksums(base, part))
        for id_ in part:
            arena, instance, own, checksum = expected[id_]
            if found.get(id_) != checksum:
                yield (
                    f"episode {id_} ({arena}/{instance} of {own}) is damaged: its record is not the one that was written;"
                    " `clemsim doctor RUN` names all that are"
                )
        watch(begin + len(part), len(ids))


def counts(base: sqlite3.Connection) -> tuple[int, int]:
    """Return how many episodes that have ended have a checksum, and how many have none."""
    column = "checksum" if sealed(base) else "NULL"
    found = base.execute(
        f"SELECT count({column}), count(*) - count({column}) FROM episodes WHERE status = 'done'"
    ).fetchone()
    return int(found[0]), int(found[1])


def sealed(base: sqlite3.Connection) -> bool:
    """Return whether the store keeps checksums."""
    return any(row[1] == "checksum" for row in base.execute("PRAGMA table_info(episodes)"))


def _checksums(base: sqlite3.Connection, episodes: Sequence[int]) -> Iterator[tuple[int, str]]:
    for id_, *facts in base.execute(FACTS, (orjson.dumps(episodes).decode(),)):
        yield id_, _digest(facts)


def _digest(facts: Sequence[Any]) -> str:
    return blake2b(orjson.dumps(facts), digest_size=16).hexdigest()
