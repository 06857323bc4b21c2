"""The index of a run's episodes, for lists that are filtered, sorted and paged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import time_ns
from typing import Self, TypeVar

from clemsim.errors import StoreError, UsageError
from clemsim.results.episode_index.endings import Ending, endings
from clemsim.results.episode_index.episode_facts import FLAGS, EpisodeFacts
from clemsim.results.episode_index.episode_filter import ALL_EPISODES, NOBODY, EpisodeFilter
from clemsim.results.episode_index.filling import Progress, attached, fill_facts, fill_texts, identity, texted
from clemsim.results.episode_index.queries import (
    Totals,
    count_rows,
    counted_endings,
    facts_by_id,
    neighbours_of,
    page_of,
    totals_of,
    value_counts,
)
from clemsim.results.episode_index.side_file import SideFile
from clemsim.store.folder import STORE

T = TypeVar("T")

SETTLED = 1_000_000_000  # nanoseconds after which a file that was written has another time when it is written again
CHOICES = ("agent", "arena", "experiment", "instance", "status", "outcome", "blame", "flag")


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far the index is: episodes whose facts it holds, and those whose texts it holds."""

    episodes: int
    texted: int

    @property
    def whole(self) -> bool:
        """Whether all texts are there."""
        return self.texted >= self.episodes


class EpisodeIndex:
    """The index of one run. Every method may be called from any thread; one `sync` at a time does the work.

    Methods raise StoreError where the store or the index cannot be read. What is read is what `sync` found last.
    """

    def __init__(self, folder: Path) -> None:
        """Take the index of the run in `folder`; nothing is read before the first `sync`. Raises StoreError."""
        if not (folder / STORE).is_file():
            raise StoreError(f"there is no run at {folder}: {STORE} is missing")
        self.folder = folder
        self._file = SideFile(folder)
        self._syncing = threading.Lock()
        self._seen: object = None  # the state of the store's files at the last sync
        self._texted = False  # all texts were read then

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; a temporary index is removed."""
        self._file.close()

    @property
    def path(self) -> Path:
        """The file of the index."""
        return self._file.path

    def sync(
        self,
        on_progress: Progress | None = None,
        *,
        texts: bool = True,
        stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """Read what the store holds and the index does not, and return how many episodes changed: facts first, then texts.

        `on_progress` is told of episodes whose texts are done, and of all; `stop` is asked between chunks of a second or
        less. Costs next to nothing where nothing was written since the last time.
        """
        with self._syncing:
            try:
                return self._sync(on_progress, texts, stop)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise StoreError(f"{self._file.path} cannot be brought up to date: {error}") from error
            self._file.remove()  # it is damaged; or the store is, which is then told
            self._seen = None
            try:
                return self._sync(on_progress, texts, stop)
            except sqlite3.Error as error:
                raise StoreError(f"{self.folder / STORE} cannot be read: {error}") from error

    def _sync(self, on_progress: Progress | None, texts: bool, stop: Callable[[], bool]) -> int:
        stamp = _stamp(self._file.store)
        base = self._file.connection()
        fresh = stamp != self._seen
        if not fresh and (self._texted or not texts):
            return 0
        with attached(base, self._file.store):
            now = identity(base, self._file.store)
        base = self._of_this_run(base, now)
        with attached(base, self._file.store):
            changed = fill_facts(base) if fresh else 0
            self._seen, self._texted = stamp, False
            if texts and not stop():
                self._texted = fill_texts(base, on_progress, stop)
        return changed

    def _of_this_run(self, base: sqlite3.Connection, now: str) -> sqlite3.Connection:
        """Return a connection to the index of the run of this identity, made anew where it was that of another."""
        file = f"file {self._file.store.stat().st_ino}"
        found = base.execute("SELECT value FROM about WHERE key = 'run'").fetchone()
        if found and found[0] not in (now, file):
            self._file.remove()
            base = self._file.connection()
        if not found or found[0] != now:
            base.execute("INSERT OR REPLACE INTO about VALUES ('run', ?)", (now,))
        return base

    def _reading(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return query(self._file.connection())
        except sqlite3.Error as error:
            hint = "" if isinstance(error, sqlite3.OperationalError) else ": remove it, it is made anew"
            raise StoreError(f"{self._file.path} cannot be read: {error}{hint}") from error

    def state(self) -> IndexState:
        """Return how far the index is."""
        return self._reading(lambda base: IndexState(count_rows(base, ALL_EPISODES), texted(base)))

    def count(self, filter_: EpisodeFilter = ALL_EPISODES) -> int:
        """Return how many episodes a filter lets through."""
        return self._reading(lambda base: count_rows(base, filter_))

    def page(self, filter_: EpisodeFilter = ALL_EPISODES, offset: int = 0, limit: int = 50) -> list[EpisodeFacts]:
        """Return episodes in the order of the filter. Those without a value of the column that sorts them come last."""
        return self._reading(lambda base: page_of(base, filter_, offset, limit))

    def facts(self, episode: int) -> EpisodeFacts:
        """Return the facts of an episode by its number. Raises UsageError where there is none."""
        found = self._reading(lambda base: facts_by_id(base, episode))
        if found is None:
            raise UsageError(f"there is no episode {episode} in {self.folder}")
        return found

    def neighbours(self, filter_: EpisodeFilter, episode: int) -> tuple[int | None, int | None]:
        """Return the episodes before and after one in the order of a filter, None where there is none. The episode itself
        need not pass it. Raises UsageError where there is no such episode.
        """
        self.facts(episode)
        return self._reading(lambda base: neighbours_of(base, filter_, episode))

    def choices(self, column: str, filter_: EpisodeFilter = ALL_EPISODES) -> dict[str, int]:
        """Return the values of a column (one of CHOICES) with the number of episodes that have each, the most frequent
        first. An agent is counted wherever it sits, and so are casts.
        """
        if column == "flag":
            return self._reading(lambda base: _flag_counts(base, filter_))
        return self._reading(lambda base: value_counts(base, column, filter_))

    def endings(self, filter_: EpisodeFilter = ALL_EPISODES) -> list[Ending]:
        """Return why the episodes that a filter lets through ended as they did, the most frequent ending first."""
        return endings(self._reading(lambda base: counted_endings(base, filter_)))

    def totals(self, filter_: EpisodeFilter = ALL_EPISODES) -> Totals:
        """Return sums over the episodes that a filter lets through."""
        return self._reading(lambda base: totals_of(base, filter_))

    def check(self, filter_: EpisodeFilter) -> None:
        """Raise UsageError, which names the choices, where a filter asks for an agent, game, experiment, instance or seat
        that no episode has.
        """
        for column in ("agent", "cast", "arena", "experiment", "instance", "blame"):
            value = getattr(filter_, column)
            if value not in ("", NOBODY) and not self.count(EpisodeFilter(**{column: value})):
                raise UsageError(f"no episode has the {column} {value!r}: {_listed(self._names(column))}")

    def _names(self, column: str) -> Mapping[str, int]:
        return self.choices("agent" if column == "cast" else column)


def _flag_counts(base: sqlite3.Connection, filter_: EpisodeFilter) -> dict[str, int]:
    found = {}
    for name in FLAGS:
        count = count_rows(base, replace(filter_, flags=(*filter_.flags, name)))
        if count:
            found[name] = count
    return found


def _listed(choices: Mapping[str, int], most: int = 12) -> str:
    names = [name for name in choices if name]
    if not names:
        return "none has any"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"choose from {', '.join(names[:most])}{more}"


def _stamp(store: Path) -> object:
    """Return the state of the store's files, by which it is seen that they were written; one of its own, where they were
    written a moment ago, for what is written next may get the same time.
    """
    found = []
    for path in (store, store.with_name(f"{store.name}-wal")):
        try:
            about = path.stat()
        except OSError:
            found.append((0, 0))
            continue
        if time_ns() - about.st_mtime_ns < SETTLED:
            return object()
        found.append((about.st_mtime_ns, about.st_size))
    return found
