"""The schema of a run store, and connections to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from clemsim._util.files import PRIVATE
from clemsim.errors import StoreError

SCHEMA_VERSION = 3
READABLE = (2, SCHEMA_VERSION)  # version 2 has no checksums; it is brought up when it is written to


QUESTION = "question"  # key of what came of the stopping rule
ANSWERED = "question answered"  # cause of episodes that an answered stopping rule leaves unplayed
INSTANCES = "instances"  # key of the digests of the instances of an imported run, by arena and label
UNTOLD = "untold"  # key of the fields of instances that imported results do not hold, or not in full, by arena
NOTICES = "notices"  # key of what servers have refused
SESSION = "session "  # begins the keys of what is known of each session


SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    arena TEXT NOT NULL, instance TEXT NOT NULL, repetition INTEGER NOT NULL, "cast" TEXT NOT NULL,
    experiment TEXT NOT NULL, version INTEGER NOT NULL, -- text such as 3.0+2 where rules have a name
    data TEXT NOT NULL,                     -- the instance as JSON
    status TEXT NOT NULL DEFAULT 'waiting', -- waiting, playing, done, unfinished
    outcome TEXT, reason TEXT, blame TEXT, quality REAL,
    cause TEXT, detail TEXT,                -- why it is unfinished
    started REAL, ended REAL,               -- seconds since the epoch
    checksum TEXT,                          -- of an episode that is done, and ended under version 3
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
CREATE TABLE loads (                        -- the history of the width; rows of one moment add up to that of the server
    at REAL NOT NULL, agent TEXT NOT NULL, width INTEGER NOT NULL, started INTEGER, in_flight INTEGER, -- of the agent
    tokens_per_second REAL, why TEXT,       -- of the server, as all that follows
    running INTEGER, waiting INTEGER, kv_usage REAL, preemptions INTEGER, prefix_hits REAL, -- as it says itself
    server TEXT);                           -- NULL in stores that were made before agents shared a server
CREATE TABLE scores (
    episode INTEGER NOT NULL REFERENCES episodes, round INTEGER NOT NULL, -- 0: of the whole episode
    metric TEXT NOT NULL, value REAL,
    PRIMARY KEY (episode, round, metric)) WITHOUT ROWID;
"""

# Who sat where, in episodes that were scored by seat or aborted, or whose cast names seats. Stores that have no such table
# were made before there was one; it is added when such a store is written to, and no version of the schema tells it from
# others.
SEATS = """
CREATE TABLE IF NOT EXISTS seats (
    episode INTEGER NOT NULL REFERENCES episodes, seat TEXT NOT NULL,
    role TEXT NOT NULL,                     -- as the seat where the game has no roles
    agent TEXT NOT NULL,
    score REAL,                             -- NULL: none
    PRIMARY KEY (episode, seat)) WITHOUT ROWID;
"""


SERVERS = "ALTER TABLE loads ADD COLUMN server TEXT"  # as SEATS, for older stores

# The pictures that were shown, each once; events name them by digest. Added to an older store as `seats` is.
IMAGES = """
CREATE TABLE IF NOT EXISTS images (
    digest TEXT PRIMARY KEY,                -- SHA-256 of the bytes, hexadecimal
    media_type TEXT NOT NULL, data BLOB NOT NULL);
"""

# What is known of some requests beside their row: tokens of thinking, log-probabilities, token ids, candidates. Added to an
# older store as `seats` is.
DETAILS = """
CREATE TABLE IF NOT EXISTS details (
    episode INTEGER NOT NULL REFERENCES episodes, turn INTEGER NOT NULL, name TEXT NOT NULL,
    value TEXT NOT NULL,                    -- JSON
    PRIMARY KEY (episode, turn, name)) WITHOUT ROWID;
"""

# What was played of an episode before it began anew, as one of a foreign game may. Added to an older store as `seats` is.
RESTARTS = """
CREATE TABLE IF NOT EXISTS restarts (
    episode INTEGER NOT NULL REFERENCES episodes, number INTEGER NOT NULL, -- from 1
    at REAL NOT NULL,                       -- seconds since the epoch
    why TEXT NOT NULL,                      -- where it did not play again as it was recorded
    kept TEXT NOT NULL,                     -- JSON: `events`, `requests` and `details`, a row each, as they were stored
    PRIMARY KEY (episode, number)) WITHOUT ROWID;
"""

ADDED = f"{SEATS} {IMAGES} {DETAILS} {RESTARTS}"
UPGRADE = "ALTER TABLE episodes ADD COLUMN checksum TEXT;"


def connect(path: Path, *, create: bool = False, readonly: bool = False) -> sqlite3.Connection:
    """Open a store. Raises StoreError when it is not one, or of another version."""
    mode = "rwc" if create else "ro" if readonly else "rw"
    if not create and not path.is_file():
        raise StoreError(f"there is no run at {path.parent}: {path.name} is missing")
    try:
        if create:
            path.touch(PRIVATE)  # the files that SQLite keeps beside it get its permissions
        base = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error
    try:
        _set_up(path, base, create=create, readonly=readonly)
    except BaseException as error:
        base.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{path} cannot be opened: {error}") from error
        raise
    return base


def _set_up(path: Path, base: sqlite3.Connection, *, create: bool, readonly: bool) -> None:
    """Check the version, before anything in the store is touched, and get ready to write."""
    version = SCHEMA_VERSION if create else base.execute("PRAGMA user_version").fetchone()[0]
    if version not in READABLE:
        raise StoreError(f"{path} is a store of version {version}; this clemsim reads versions 2 and 3")
    if not readonly:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
    if create:
        base.executescript(f"BEGIN; {SCHEMA} {ADDED} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
    elif version != SCHEMA_VERSION and not readonly:
        base.executescript(f"BEGIN; {UPGRADE} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
    if not create and not readonly:
        base.executescript(ADDED)
        if "server" not in [column[1] for column in base.execute("PRAGMA table_info(loads)")]:
            base.execute(SERVERS)
