"""The run store: one SQLite file that holds all of a run, written by one thread in group commits.

The event loop only adds rows to a batch. The rows that gather while one commit is being written go into the next, so that
the disk sets the size of the batches and no turn waits for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Event as Signal
from threading import Lock, Thread
from time import time
from typing import Any, Self

import orjson

from clemsim.errors import BadInstance, StoreError
from clemsim.game.content import Image
from clemsim.game.events import PICTURED, Event, shown_in, type_name
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.view import View
from clemsim.runtime.agent import Seated
from clemsim.runtime.episode import Result, Scores
from clemsim.runtime.observer import Observer, WidthSample
from clemsim.store.reader import episodes
from clemsim.store.schema import SESSION, connect
from clemsim.store.write_batch import UNWRITABLE, WriteBatch, finite

GATHER = 0.02  # seconds for which a batch gathers, so that adding a row wakes no thread


class RunStore(Observer):
    """Writes one run, as the observer of its episodes. Every method returns at once; `close` waits for the disk.

    Every method raises StoreError once anything could not be written. As a context manager it closes at the end; the error
    that ended the context goes before one of closing.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Create the file, or open an existing one. Raises StoreError."""
        if create and path.exists():
            raise StoreError(f"{path} already exists")
        self._ids: dict[EpisodeKey, int] = {}
        self._failure: StoreError | None = None
        self._images: set[str] = set()  # digests of those that are there
        self._set_aside: dict[int, str] = {}  # episodes of which a row could not be written, and why
        self._batch = WriteBatch()  # gathers; the thread takes it away and puts an empty one in its place
        self._before: list[WriteBatch] = []  # those that must be written before it
        self._lock = Lock()
        self._closing = Signal()
        self._base = connect(path, create=create)
        try:
            self._ids |= {row.key: row.id for row in episodes(self._base)}
            self._images |= {digest for (digest,) in self._base.execute("SELECT digest FROM images")}
        except sqlite3.Error as error:
            self._base.close()
            raise StoreError(f"{path} cannot be read: {error}") from error
        self._thread = Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        with suppress(StoreError) if error else nullcontext():
            self.close()

    def enlist(self, key: EpisodeKey, instance: Instance, version: int | str) -> None:
        """Enter an episode that is to be played, unless it is there. `version`: the arena's."""
        if key in self._ids:
            return
        self._ids[key] = number = len(self._ids) + 1
        try:
            data = instance.model_dump_json()
        except ValueError as error:  # pydantic's PydanticSerializationError is one
            bad = BadInstance(f"the instance cannot be written as JSON: {error}")
            raise bad.in_class(type(instance)).at(key.label) from error
        row = (number, key.arena, key.instance, key.repetition, key.cast, instance.experiment, version, data)
        self._put("enlisted", [row])

    def started(self, key: EpisodeKey) -> None:
        """Enter that an episode begins or goes on."""
        self._put("started", [(self._ids[key], time())])

    def restarted(self, key: EpisodeKey, why: str) -> None:
        """Set what was recorded of an episode apart, all of it in one commit, before anything that follows."""
        episode = self._ids[key]
        with self._lock:
            batch = self._current()
            if any(row[0] == episode for kind in ("events", "restarts") for row in batch.rows[kind]):
                self._before.append(batch)
                self._batch = batch = WriteBatch()
            batch.add("restarts", [(episode, time(), why)])
            for table in ("events", "requests", "details"):
                batch.add(f"{table} of restarts", [(episode,)])

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Append events; those that a resumed episode repeats are there already and stay. So are pictures that were shown
        before.
        """
        episode = self._ids[key]
        if not PICTURED.isdisjoint(map(type, events)):
            self._keep(shown_in(events))
        self._put("events", [(episode, number, type_name(event), event) for number, event in enumerate(events, index)])

    def _keep(self, images: Sequence[Image]) -> None:
        """Enter the pictures that are new, in the commit of the events that show them or in one before."""
        new = {image.digest: image for image in images if image.digest not in self._images}
        self._images |= set(new)
        self._put("images", [(image.digest, image.media_type, image.raw) for image in new.values()])

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int = 0) -> None:
        """Enter what a turn cost; nothing for an agent that asks no server."""
        if (usage := message.usage) is None:
            return
        row = (
            *(self._ids[key], view.turn, view.seat, agent, usage.model, usage.seed, usage.started, usage.seconds),
            *(usage.tokens_in, usage.tokens_out, usage.tokens_cached, usage.retries, message.stop, usage.fingerprint),
            *(prefix, usage.replica, usage.queued, usage.first_token),
        )
        self._put("requests", [row])
        if details := usage.details:
            written = [(row[0], view.turn, name, orjson.dumps(value).decode()) for name, value in details.items()]
            self._put("details", written)

    def finished(self, result: Result) -> None:
        """Enter the outcome of an episode with its scores, or why it is unfinished. Raises ArenaError for a bug in a
        metric.
        """
        if result.outcome is None:
            self.unfinished(result.key, result.cause, result.detail)
        else:
            self.ended(result.key, result.outcome, result.scores, result.rounds, result.seated)

    def ended(
        self,
        key: EpisodeKey,
        outcome: Outcome,
        scores: Scores,
        rounds: Sequence[Scores],
        seated: Sequence[Seated] = (),
    ) -> None:
        """Enter the outcome of an episode and its scores, which go into the store together. `seated`: who sat where, with
        the scores by seat.
        """
        episode = self._ids[key]
        with self._lock:
            batch = self._current()
            batch.add("ended", [(episode, outcome.kind, outcome.reason, outcome.blame, finite(outcome.quality), time())])
            if seated:
                by_seat = outcome.by_seat or {}
                batch.add("seats", [(episode, *each, finite(by_seat.get(each.seat))) for each in seated])
            _add_scores(batch, episode, scores, rounds)

    def unfinished(self, key: EpisodeKey, cause: str, detail: str) -> None:
        """Enter that an episode stays unfinished for now."""
        self._put("unfinished", [(self._ids[key], cause, detail)])

    def score(self, key: EpisodeKey, scores: Scores, rounds: Sequence[Scores]) -> None:
        """Enter the scores of an episode in place of those that were there."""
        with self._lock:
            _add_scores(self._current(), self._ids[key], scores, rounds)

    def width_sampled(self, sample: WidthSample) -> None:
        """Enter one sample of an agent's width."""
        load = sample.load
        row = (
            *(sample.at, sample.agent, sample.width, sample.started, sample.in_flight),
            *(sample.tokens_per_second, sample.why),
            *((load.running, load.waiting, load.kv_usage, load.preemptions) if load else (None,) * 4),
            load.prefix_share if load else None,
            sample.server,
        )
        self._put("loads", [row])

    def meta(self, key: str, value: object) -> None:
        """Enter a fact about the whole run, as JSON."""
        self._put("meta", [(key, orjson.dumps(value).decode())])

    def session(self, begun: float, facts: Mapping[str, float]) -> None:
        """Enter what is known so far of a session that began at this time (seconds since the epoch)."""
        self.meta(f"{SESSION}{begun:.3f}", facts)

    def close(self) -> None:
        """Write the last batch and close. Raises StoreError if anything could not be written."""
        self._closing.set()
        self._thread.join()
        with suppress(sqlite3.Error):  # another process reads it; it stays readable for all but read-only folders
            self._base.execute("PRAGMA journal_mode=DELETE")  # one plain file, which can be read from anywhere
        self._base.close()
        if self._failure:
            raise self._failure

    def _put(self, kind: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lock:
            self._current().add(kind, rows)

    def _current(self) -> WriteBatch:
        """Return the batch that gathers, to a caller that holds the lock."""
        if self._failure:
            raise self._failure
        return self._batch

    def _write(self) -> None:
        closing = False
        while not closing:
            closing = self._closing.wait(GATHER)
            with self._lock:
                batches, self._before = [*self._before, self._batch], []
                self._batch = WriteBatch()
            try:
                for batch in batches:
                    self._commit(batch)
            except (sqlite3.Error, *UNWRITABLE) as error:
                self._failure = StoreError(f"the run cannot be written: {error}; what was committed before is safe")
                return

    def _commit(self, batch: WriteBatch) -> None:
        """Write a batch. Where a row cannot be written, its episode is set aside as unfinished, and all others are kept."""
        if self._set_aside:
            batch = batch.without(self._set_aside)
        try:
            batch.write(self._base)
        except UNWRITABLE:
            batch.write_apart(self._base, self._set_aside)


def _add_scores(batch: WriteBatch, episode: int, scores: Scores, rounds: Sequence[Scores]) -> None:
    batch.add("unscored", [(episode,)])
    numbered = enumerate([scores, *rounds])
    rows = [(episode, number, metric, finite(value)) for number, metrics in numbered for metric, value in metrics.items()]
    batch.add("scores", rows)
