"""Reads a run store, also while it is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from clemsim.errors import StoreError
from clemsim.game.events import Event, decode
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.store.schema import connect


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode as it is stored."""

    id: int
    key: EpisodeKey
    experiment: str
    version: int
    data: dict[str, Any]
    status: str
    outcome: Outcome | None
    cause: str
    detail: str


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store for reading only, also while it is being written. Raises StoreError."""
    try:
        with closing(connect(path, readonly=True)) as base:
            yield base
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


def episodes(base: sqlite3.Connection) -> Iterator[EpisodeRow]:
    """Return all episodes, in the order in which they were enlisted."""
    query = (
        'SELECT id, arena, instance, repetition, "cast", experiment, version, data, status, outcome, reason, blame,'
        " quality, cause, detail FROM episodes ORDER BY id"
    )
    for id_, arena, instance, repetition, cast, experiment, version, data, status, *rest in base.execute(query):
        kind, reason, blame, quality, cause, detail = rest
        outcome = Outcome(kind, reason or "", blame, quality) if status == "done" else None
        key = EpisodeKey(arena, instance, repetition, cast)
        yield EpisodeRow(id_, key, experiment, version, orjson.loads(data), status, outcome, cause or "", detail or "")


def events(base: sqlite3.Connection, episode: int) -> list[Event]:
    """Return the events of one episode in order."""
    rows = base.execute("SELECT type, body FROM events WHERE episode=? ORDER BY number", (episode,))
    return [decode(kind, body) for kind, body in rows]


def requests(base: sqlite3.Connection, episode: int) -> dict[int, dict[str, Any]]:
    """Return what each turn of an episode cost, by turn."""
    cursor = base.execute("SELECT * FROM requests WHERE episode=?", (episode,))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return {row["turn"]: row for row in rows}


def cut_replies(base: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Return how many replies of each cast were cut at the token limit, or not begun for lack of context."""
    query = (
        'SELECT "cast", stop, count(*) FROM requests JOIN episodes ON episodes.id = requests.episode'
        " WHERE stop IN ('length', 'overflow') GROUP BY 1, 2 ORDER BY 1, 2"
    )
    counts: dict[str, dict[str, int]] = {}
    for cast, stop, count in base.execute(query):
        counts.setdefault(cast, {})[stop] = count
    return counts


def meta(base: sqlite3.Connection) -> dict[str, Any]:
    """Return the facts about the whole run."""
    return {key: orjson.loads(value) for key, value in base.execute("SELECT key, value FROM meta")}
