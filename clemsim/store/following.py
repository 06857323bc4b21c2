"""What is recorded of a run while another process plays it.

Each look opens the store for reading and closes it again, so that it keeps nothing from the process that writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clemsim.game.events import Event, decode
from clemsim.game.instances import EpisodeKey
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import UNENDED
from clemsim.store.schema import ANSWERED

# Of each episode, its status, or that a stopping rule needs it no more; and why it is unfinished.
STATUSES = """SELECT id, CASE WHEN status = 'unfinished' AND cause = ? THEN ? ELSE status END, coalesce(detail, cause, '')
FROM episodes ORDER BY id"""


@dataclass(frozen=True, slots=True)
class News:
    """What is new of one episode: its events, what their turns cost, and why it was left unfinished, where it was."""

    episode: int
    key: EpisodeKey
    events: list[Event]
    costs: dict[int, dict[str, Any]]
    unfinished: str = ""


class Following:
    """Looks into the store of a run again and again."""

    def __init__(self, folder: Path, episodes: Collection[int] | None = None) -> None:
        """Follow some episodes from their beginning on; None: all of them, from now on. Raises StoreError."""
        self._store = folder / STORE
        self._episodes = episodes
        self._seen: dict[int, int] = {}  # events of each episode that were told
        self._status: dict[int, str] = {}  # of each episode, when it was last looked at
        self._keys: dict[int, EpisodeKey] = {}
        self._restarts: dict[int, int] = {}  # of each episode that was restarted, how often
        if episodes is None:
            with reader.reading(self._store) as base:
                counts = base.execute("SELECT episode, max(number) + 1 FROM events GROUP BY episode").fetchall()
                self._seen = dict(counts)
                self._status = {id_: status for id_, status, _ in self._statuses(base)}
                self._restarts = reader.restart_counts(base)

    @property
    def ended(self) -> int:
        """How many of the episodes had ended at the last look, or need not be played any more."""
        return sum(status not in UNENDED for status in self._status.values())

    @property
    def total(self) -> int:
        """How many episodes are followed."""
        return len(self._status)

    def news(self) -> list[News]:
        """Return what was recorded since the last look, by episode. Raises StoreError."""
        with reader.reading(self._store) as base:
            return list(self._news(base))

    def _news(self, base: sqlite3.Connection) -> Iterator[News]:
        known, self._restarts = self._restarts, reader.restart_counts(base)
        for id_, count in self._restarts.items():
            if count != known.get(id_):
                self._seen.pop(id_, None)
        for id_, status, why in self._statuses(base):
            before = self._status.get(id_, "waiting")
            self._status[id_] = status
            if status != "playing" and status == before:
                continue
            events = self._events(base, id_)
            unfinished = why if status == "unfinished" else ""
            if events or unfinished:
                yield News(id_, self._key(base, id_), events, reader.requests(base, id_), unfinished)

    def _statuses(self, base: sqlite3.Connection) -> list[tuple[int, str, str]]:
        rows = base.execute(STATUSES, (ANSWERED, ANSWERED)).fetchall()
        return [row for row in rows if self._episodes is None or row[0] in self._episodes]

    def _events(self, base: sqlite3.Connection, episode: int) -> list[Event]:
        begin = self._seen.get(episode, 0)
        query = "SELECT type, body FROM events WHERE episode = ? AND number >= ? ORDER BY number"
        events = [decode(kind, body) for kind, body in base.execute(query, (episode, begin)).fetchall()]
        self._seen[episode] = begin + len(events)
        return events

    def _key(self, base: sqlite3.Connection, episode: int) -> EpisodeKey:
        if episode not in self._keys:
            query = 'SELECT arena, instance, repetition, "cast" FROM episodes WHERE id = ?'
            self._keys[episode] = EpisodeKey(*base.execute(query, (episode,)).fetchone())
        return self._keys[episode]
