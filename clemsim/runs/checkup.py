"""What `clemsim doctor RUN` looks at: whether the record of a run is whole, and who may read it."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from clemsim._util.drafts import left_drafts
from clemsim._util.files import PRIVATE, read_json
from clemsim.catalog.kinds import Requirement
from clemsim.errors import StoreError
from clemsim.store import checksums, reader
from clemsim.store.folder import CONFIG, LOCK, STORE, SUMMARY, read_description

NAMED = 5  # damaged episodes that are named; the others are counted
OTHERS = stat.S_IRWXG | stat.S_IRWXO  # permissions of anybody but the owner


def check_run(folder: Path) -> list[Requirement]:
    """Return what was looked at in the folder of a run, and whether it is as it should be. Raises StoreError where there
    is no run.
    """
    if not (folder / CONFIG).exists() and not (folder / STORE).exists():
        raise StoreError(f"there is no run at {folder}: {CONFIG} and {STORE} are missing")
    checks = {
        "description": _description,
        "store": _integrity,
        "episodes": _episodes,
        "checksums": _checksums,
        "pictures": _pictures,
        "summary": _summary,
        "permissions": _permissions,
        "drafts": _drafts,
        "lock": _lock,
    }
    return [_requirement(name, check, folder) for name, check in checks.items()]


def _requirement(name: str, check: Callable[[Path], tuple[bool, str]], folder: Path) -> Requirement:
    try:
        ok, found = check(folder)
    except StoreError as error:
        ok, found = False, str(error)
    except OSError as error:
        ok, found = False, f"{folder} cannot be read: {error.strerror or error}"
    return Requirement(name, ok, found)


def _description(folder: Path) -> tuple[bool, str]:
    description = read_description(folder)
    return True, f"suite {description.suite.name}, written by clemsim {description.made.clemsim or 'unknown'}"


def _integrity(folder: Path) -> tuple[bool, str]:
    with reader.reading(folder / STORE) as base:
        version = base.execute("PRAGMA user_version").fetchone()[0]
        found = [str(row[0]) for row in base.execute("PRAGMA integrity_check(5)")]
    return found == ["ok"], f"version {version}, SQLite finds: {'; '.join(found)}"


def _episodes(folder: Path) -> tuple[bool, str]:
    """Read every episode and its events, whether or not their checksums are right."""
    with reader.reading(folder / STORE) as base:
        rows = list(reader.episodes(base))
        wrong = [problem for row in rows if (problem := _unreadable(base, row.id))]
    done = sum(row.outcome is not None for row in rows)
    found = f"{done} ended, {len(rows) - done} unfinished"
    return not wrong, "; ".join([found, *_some(wrong)])


def _unreadable(base: sqlite3.Connection, episode: int) -> str:
    try:
        reader.decoded_events(base, episode)
    except StoreError as error:
        return f"episode {episode}: {error}"
    return ""


def _checksums(folder: Path) -> tuple[bool, str]:
    with reader.reading(folder / STORE) as base:
        wrong = list(checksums.damaged(base))
        checked, without = checksums.counts(base)
    found = f"{checked - len(wrong)} of {checked} are right"
    earlier = [f"{without} ended under an earlier version and have none"] if without else []
    return not wrong, "; ".join([found, *earlier, *_some([problem.partition(";")[0] for problem in wrong])])


def _pictures(folder: Path) -> tuple[bool, str]:
    """Read every picture that an event names."""
    with reader.reading(folder / STORE) as base:
        named = reader.named_images(base)
        wrong = [problem for digest in named if (problem := _unseen(base, digest))]
    found = f"{len(named) - len(wrong)} of {len(named)} are right" if named else "none was shown"
    return not wrong, "; ".join([found, *_some(wrong)])


def _unseen(base: sqlite3.Connection, digest: str) -> str:
    try:
        reader.image(base, digest)
    except StoreError as error:
        return str(error).partition(":")[0]
    return ""


def _summary(folder: Path) -> tuple[bool, str]:
    if not (folder / SUMMARY).exists():
        return True, "not written yet"
    read_json(folder / SUMMARY, StoreError)
    return True, "can be read"


def _permissions(folder: Path) -> tuple[bool, str]:
    if sys.platform == "win32":
        return True, "not looked at on Windows"
    paths = [folder, *(folder / name for name in (CONFIG, STORE, SUMMARY, LOCK))]
    open_ = [path.name for path in paths if path.exists() and path.stat().st_mode & OTHERS]
    return not open_, f"others may use {', '.join(open_)}: chmod -R go= {folder}" if open_ else "its owner's alone"


def _drafts(folder: Path) -> tuple[bool, str]:
    left = [*left_drafts(folder), *left_drafts(folder.absolute().parent)]
    return not left, f"left by killed processes: {', '.join(map(str, left))}" if left else "none is left"


def _lock(folder: Path) -> tuple[bool, str]:
    if (folder / LOCK).exists():
        try:
            FileLock(folder / LOCK, timeout=0, mode=PRIVATE).acquire().lock.release()
        except Timeout:
            return True, "a process is playing it"
    return True, "no process is playing it"


def _some(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - NAMED
    return [*lines[:NAMED], *([f"and {more} more"] if more > 0 else [])]
