"""The file of the index: beside the store where that can be written, else a temporary one; made anew where it is no use."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from clemsim._util.files import PRIVATE
from clemsim.errors import StoreError
from clemsim.results.episode_index.index_schema import SCHEMA, VERSION
from clemsim.store.folder import STORE

INDEX = "index.db"
WAIT = 20  # seconds for which another process may write the index
MOST_CACHE = 8000  # kB of pages that a connection keeps


class SideFile:
    """The file, and a connection to it for each thread that asks."""

    def __init__(self, folder: Path) -> None:
        """Find the place for the index of a run. Nothing is opened yet."""
        self.folder = folder
        self.path = folder / INDEX
        self.temporary: Path | None = None  # the folder that goes with this object
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, tuple[int, sqlite3.Connection]] = {}  # with the age of the file at that time
        self._age = 0  # how often the file was made anew

    @property
    def store(self) -> Path:
        """The store that is indexed."""
        return self.folder / STORE

    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread. Those of threads that have ended are closed. Raises StoreError."""
        own = threading.current_thread()
        with self._lock:
            age, base = self._open.get(own, (-1, None))
            if base is None or age != self._age:
                for thread in [each for each in self._open if each is own or not each.is_alive()]:
                    self._open.pop(thread)[1].close()
                base = self._opened()
                self._open[own] = self._age, base
        return base

    def remove(self) -> None:
        """Remove the file, which is made anew when it is next asked for."""
        with self._lock:
            self._age += 1  # other threads may be at work, and let go of the old file when they next ask
            _unlink(self.path)

    def close(self) -> None:
        """Close all connections, and remove a temporary file."""
        with self._lock:
            self._age += 1
            for _, base in self._open.values():
                base.close()
            self._open.clear()
            if self.temporary:
                _unlink(self.path)
                with suppress(OSError):
                    self.temporary.rmdir()
                self.temporary, self.path = None, self.folder / INDEX

    def _opened(self) -> sqlite3.Connection:
        try:
            return _opened(self.path)
        except (OSError, sqlite3.OperationalError) as error:
            if self.temporary or _is_busy(error):
                raise StoreError(f"{self.path} cannot be used: {error}") from error
        except sqlite3.DatabaseError:  # it is damaged, or no index at all
            _unlink(self.path)
            return self._again()
        self.temporary = Path(mkdtemp(prefix="clemsim-index-"))  # which only its owner may enter
        self.path = self.temporary / INDEX
        return self._again()

    def _again(self) -> sqlite3.Connection:
        try:
            return _opened(self.path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self.path} cannot be written: {error}") from error


def _opened(path: Path) -> sqlite3.Connection:
    """Open the index, making it where it is missing or of another version. Raises OSError and sqlite3.Error."""
    path.touch(PRIVATE)  # the files that SQLite keeps beside it get its permissions
    base = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False, timeout=WAIT
    )
    try:
        if _version(base) != VERSION:
            base.close()
            return _made(path)
        _set_up(base)
    except BaseException:
        base.close()
        raise
    return base


def _made(path: Path) -> sqlite3.Connection:
    """Make the index in place of whatever is there."""
    _unlink(path)
    path.touch(PRIVATE)
    base = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False, timeout=WAIT
    )
    try:
        _set_up(base)
        try:
            base.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        except sqlite3.OperationalError:
            if base.in_transaction:
                base.rollback()
            if _version(base) != VERSION:  # else another process was quicker
                raise
    except BaseException:
        base.close()
        raise
    return base


def _set_up(base: sqlite3.Connection) -> None:
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=NORMAL")
    base.execute("PRAGMA temp_store=MEMORY")
    base.execute(f"PRAGMA cache_size=-{MOST_CACHE}")


def _version(base: sqlite3.Connection) -> int:
    found = base.execute("PRAGMA user_version").fetchone()[0]
    return int(found)


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _unlink(path: Path) -> None:
    for ending in ("-wal", "-shm", "-journal", ""):  # a log that is left over would be read into a new file
        path.with_name(path.name + ending).unlink(missing_ok=True)
