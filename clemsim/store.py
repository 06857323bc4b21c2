"""The run store: one SQLite file that holds all of a run, written by one thread in group commits.

The event loop only adds rows to a group. Whatever has gathered while one commit was being written goes into the next, so
that the disk sets the size of the groups and nobody waits for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Signal
from threading import Lock, Thread
from time import time
from typing import Any

import orjson

from clemsim.agent import View
from clemsim.errors import StoreError
from clemsim.events import Event, decode, type_name
from clemsim.group import Group
from clemsim.instances import EpisodeKey, Instance
from clemsim.loads import Steering
from clemsim.messages import Message
from clemsim.outcomes import Outcome

SCHEMA_VERSION = 2
SESSION = "session "  # begins the keys of what is known of each session

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    arena TEXT NOT NULL, instance TEXT NOT NULL, repetition INTEGER NOT NULL, "cast" TEXT NOT NULL,
    experiment TEXT NOT NULL, version INTEGER NOT NULL,
    data TEXT NOT NULL,                     -- the instance as JSON
    status TEXT NOT NULL DEFAULT 'waiting', -- waiting, playing, done, unfinished
    outcome TEXT, reason TEXT, blame TEXT, quality REAL,
    cause TEXT, detail TEXT,                -- why it is unfinished
    started REAL, ended REAL,               -- seconds since the epoch
    UNIQUE (arena, instance, repetition, "cast"));
CREATE TABLE events (
    episode INTEGER NOT NULL REFERENCES episodes, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (episode, number)) WITHOUT ROWID;
CREATE TABLE requests (
    episode INTEGER NOT NULL REFERENCES episodes, turn INTEGER NOT NULL, seat TEXT NOT NULL, agent TEXT NOT NULL,
    model TEXT, seed INTEGER, started REAL, seconds REAL, tokens_in INTEGER, tokens_out INTEGER,
    tokens_cached INTEGER, retries INTEGER, stop TEXT, fingerprint TEXT,
    prefix INTEGER,                         -- tokens of this conversation that were sent before
    replica TEXT,                           -- which of several servers answered
    queued REAL, first_token REAL,          -- seconds, as the server itself measured, where it says so
    PRIMARY KEY (episode, turn)) WITHOUT ROWID;
CREATE TABLE loads (                        -- the history of the width
    at REAL NOT NULL, agent TEXT NOT NULL, width INTEGER NOT NULL, started INTEGER, in_flight INTEGER,
    tokens_per_second REAL, why TEXT,
    running INTEGER, waiting INTEGER, kv_usage REAL, preemptions INTEGER, prefix_hits REAL); -- as the server says
CREATE TABLE scores (
    episode INTEGER NOT NULL REFERENCES episodes, round INTEGER NOT NULL, -- 0: of the whole episode
    metric TEXT NOT NULL, value REAL,
    PRIMARY KEY (episode, round, metric)) WITHOUT ROWID;
"""

GATHER = 0.02  # seconds; so long a group gathers, so that adding a row wakes nobody

Scores = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One episode as it is stored."""

    id: int
    key: EpisodeKey
    experiment: str
    version: int
    data: dict[str, Any]
    status: str
    outcome: Outcome | None
    cause: str
    detail: str


class RunStore:
    """Writes one run. Every method returns at once; `close` waits until all is on the disk."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Create the file, or open one that is there. Raises StoreError."""
        if create and path.exists():
            raise StoreError(f"{path} is there already")
        self._ids: dict[EpisodeKey, int] = {}
        self._failure: StoreError | None = None
        self._group = Group()  # gathers; the thread takes it away and puts an empty one in its place
        self._lock = Lock()
        self._closing = Signal()
        self._base = connect(path, create=create)
        try:
            self._ids |= {row.key: row.id for row in episodes(self._base)}
        except sqlite3.Error as error:
            self._base.close()
            raise StoreError(f"{path} can't be read: {error}") from error
        self._thread = Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def enlist(self, key: EpisodeKey, instance: Instance, version: int) -> None:
        """Put down an episode that is to be played, unless it is there."""
        if key in self._ids:
            return
        self._ids[key] = number = len(self._ids) + 1
        data = instance.model_dump_json()
        row = (number, key.arena, key.instance, key.repetition, key.cast, instance.experiment, version, data)
        self._put("enlisted", [row])

    def started(self, key: EpisodeKey) -> None:
        """The episode begins, or goes on."""
        self._put("started", [(self._ids[key], time())])

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Append events; those that a resumed episode repeats are there already and stay."""
        episode = self._ids[key]
        self._put("events", [(episode, number, type_name(event), event) for number, event in enumerate(events, index)])

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int = 0) -> None:
        """Note what a turn cost; nothing for a player that asked no server. `prefix`: tokens that were sent before."""
        if (usage := message.usage) is None:
            return
        row = (
            *(self._ids[key], view.turn, view.seat, agent, usage.model, usage.seed, usage.started, usage.seconds),
            *(usage.tokens_in, usage.tokens_out, usage.tokens_cached, usage.retries, message.stop, usage.fingerprint),
            *(prefix, usage.replica, usage.queued, usage.first_token),
        )
        self._put("requests", [row])

    def ended(self, key: EpisodeKey, outcome: Outcome, scores: Scores, rounds: Sequence[Scores]) -> None:
        """The episode is over, with these scores."""
        episode = self._ids[key]
        self._put("ended", [(episode, outcome.kind, outcome.reason, outcome.blame, time())])
        self._put_numbers("qualities", [(episode, outcome.quality)])
        self.score(key, scores, rounds)

    def unfinished(self, key: EpisodeKey, cause: str, detail: str) -> None:
        """The episode is given up for now, for this cause."""
        self._put("unfinished", [(self._ids[key], cause, detail)])

    def score(self, key: EpisodeKey, scores: Scores, rounds: Sequence[Scores]) -> None:
        """Put down the scores of an episode, in place of those that were there."""
        episode = self._ids[key]
        self._put("unscored", [(episode,)])
        found = enumerate([scores, *rounds])
        rows = [(episode, number, metric, value) for number, metrics in found for metric, value in metrics.items()]
        self._put_numbers("scores", rows)

    def steered(self, steering: Steering) -> None:
        """Put down one look at the width of an agent."""
        load = steering.load
        row = (
            *(steering.at, steering.agent, steering.width, steering.started, steering.in_flight),
            *(steering.tokens_per_second, steering.why),
            *((load.running, load.waiting, load.kv_usage, load.preemptions) if load else (None,) * 4),
            load.prefix_hits / load.prefix_queries if load and load.prefix_queries else None,
        )
        self._put("loads", [row])

    def meta(self, key: str, value: object) -> None:
        """Put down a fact about the whole run."""
        self._put("meta", [(key, orjson.dumps(value).decode())])

    def session(self, begun: float, facts: Mapping[str, float]) -> None:
        """Put down what is known so far of a session that began at this time (seconds since the epoch)."""
        self.meta(f"{SESSION}{begun:.3f}", facts)

    def close(self) -> None:
        """Write what is left and close. Raises StoreError if anything could not be written."""
        self._closing.set()
        self._thread.join()
        with suppress(sqlite3.Error):  # somebody is reading it; it stays readable for all but read-only folders
            self._base.execute("PRAGMA journal_mode=DELETE")  # one plain file, which can be read from anywhere
        self._base.close()
        if self._failure:
            raise self._failure

    def _put(self, kind: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lock:
            self._current().add(kind, rows)

    def _put_numbers(self, kind: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lock:
            self._current().add_numbers(kind, rows)

    def _current(self) -> Group:
        """The group that gathers, for who holds the lock."""
        if self._failure:
            raise self._failure
        return self._group

    def _write(self) -> None:
        closing = False
        while not closing:
            closing = self._closing.wait(GATHER)
            with self._lock:
                group, self._group = self._group, Group()
            try:
                group.write(self._base)
            except (sqlite3.Error, TypeError) as error:
                self._failure = StoreError(f"the run can't be written: {error}; what was committed before is safe")
                return


def connect(path: Path, *, create: bool = False, readonly: bool = False) -> sqlite3.Connection:
    """Open a store. Raises StoreError when it is not one, or of another version."""
    mode = "rwc" if create else "ro" if readonly else "rw"
    if not create and not path.is_file():
        raise StoreError(f"there is no run at {path.parent}: {path.name} is missing")
    try:
        base = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
    except sqlite3.Error as error:
        raise StoreError(f"{path} can't be opened: {error}") from error
    try:
        _set_up(path, base, create=create, readonly=readonly)
    except BaseException as error:
        base.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{path} can't be opened: {error}") from error
        raise
    return base


def _set_up(path: Path, base: sqlite3.Connection, *, create: bool, readonly: bool) -> None:
    """Check the version, before anything in the store is touched, and get ready to write."""
    version = SCHEMA_VERSION if create else base.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise StoreError(f"{path} is a store of version {version}; this clemsim reads version {SCHEMA_VERSION}")
    if not readonly:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
    if create:
        base.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A store opened for reading only, also while it is being written. Raises StoreError."""
    try:
        with closing(connect(path, readonly=True)) as base:
            yield base
    except sqlite3.Error as error:
        raise StoreError(f"{path} can't be read: {error}") from error


def episodes(base: sqlite3.Connection) -> Iterator[EpisodeRow]:
    """All episodes, in the order in which they were put down."""
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
    """The events of one episode in order."""
    rows = base.execute("SELECT type, body FROM events WHERE episode=? ORDER BY number", (episode,))
    return [decode(kind, body) for kind, body in rows]


def requests(base: sqlite3.Connection, episode: int) -> dict[int, dict[str, Any]]:
    """What each turn of an episode cost, by turn."""
    cursor = base.execute("SELECT * FROM requests WHERE episode=?", (episode,))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return {row["turn"]: row for row in rows}


def cut_replies(base: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """How many replies of each cast were cut at the token limit, or not begun for lack of context."""
    query = (
        'SELECT "cast", stop, count(*) FROM requests JOIN episodes ON episodes.id = requests.episode'
        " WHERE stop != 'stop' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found: dict[str, dict[str, int]] = {}
    for cast, stop, count in base.execute(query):
        found.setdefault(cast, {})[stop] = count
    return found


def meta(base: sqlite3.Connection) -> dict[str, Any]:
    """The facts about the whole run."""
    return {key: orjson.loads(value) for key, value in base.execute("SELECT key, value FROM meta")}
