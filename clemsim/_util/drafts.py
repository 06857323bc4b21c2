"""New files and folders, written into drafts beside their place and put there whole.

A draft has a name of its own, so that no other process writes it, and holds a lock while its process lives. So a draft
whose lock is free was left by a process that was killed, and may be removed; those of other machines are left alone, for
not every file system shares its locks.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EEXIST, ENOTDIR, ENOTEMPTY, EWOULDBLOCK
from pathlib import Path
from secrets import token_hex
from shutil import rmtree

from clemsim.errors import UsageError

if sys.platform != "win32":
    import fcntl

PREFIX, SUFFIX = ".clemsim-", ".new"
LOCK = "lock"  # in the draft of a folder; the draft of a file is its own lock
TAKEN = (EEXIST, ENOTEMPTY, ENOTDIR)  # a folder cannot be renamed to this name: it is in use
TRIES = 100  # drafts, of which others may remove each before its lock is held


@dataclass(slots=True)
class Draft:
    """A new file or folder: where it is written, and its place once that is claimed."""

    path: Path
    place: Path


@contextmanager
def drafting_folder(places: Sequence[Path], hint: str, mode: int = 0o777) -> Iterator[Draft]:
    """Yield the draft of a folder, which then gets the first of `places` that is free: missing, or an empty folder.

    Nothing is ever replaced. All places have one parent. Raises OSError, and UsageError ("PLACE already exists: HINT").
    """
    parent = _real(places[0]).parent
    parent.mkdir(parents=True, exist_ok=True)
    with _holding_folder(parent) as held:
        draft = Draft(held / "draft", places[0])
        draft.path.mkdir(mode)
        yield draft
        if (place := _claim(draft.path, places)) is None:
            raise UsageError(f"{places[0]} already exists: {hint}")
        draft.place = place


@contextmanager
def drafting_file(place: Path, hint: str, mode: int = 0o666) -> Iterator[Draft]:
    """Yield the draft of a file, which then gets its place unless anything is there. Raises as `drafting_folder` does."""
    parent = _real(place).parent
    parent.mkdir(parents=True, exist_ok=True)
    with _holding_folder(parent) as held:
        draft = Draft(held / "draft", place)
        os.close(os.open(draft.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        yield draft
        try:
            _link(draft.path, _real(place))
        except FileExistsError as error:
            raise UsageError(f"{place} already exists: {hint}") from error


def replace_file(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write `path` so that a reader finds the old content or the new one, never a part. Raises OSError.

    `mode`: the permissions of a file that was not there.
    """
    with suppress(OSError):
        mode = path.stat().st_mode & 0o777
    draft, handle = _new_file(path.parent, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def left_drafts(parent: Path) -> list[Path]:
    """Return the drafts in a folder whose process is gone. Raises OSError."""
    found = []
    for path in _drafts(parent):
        with suppress(OSError):
            os.close(_locked(path / LOCK if path.is_dir() else path))
            found.append(path)
    return found


def remove_left_drafts(parent: Path) -> None:
    """Remove the drafts in a folder whose process is gone, as far as that can be done."""
    with suppress(OSError):
        for path in _drafts(parent):
            with suppress(OSError):
                whole = path.is_dir()
                handle = _locked(path / LOCK, os.O_CREAT) if whole else _locked(path)
                try:
                    rmtree(path, ignore_errors=True) if whole else path.unlink()
                finally:
                    os.close(handle)


def _drafts(parent: Path) -> list[Path]:
    """Return the drafts of this machine in a folder."""
    mine = f"{PREFIX}{_machine()}-"
    with os.scandir(parent) as entries:
        return [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(mine) and entry.name.endswith(SUFFIX) and not entry.is_symlink()
        ]


@contextmanager
def _holding_folder(parent: Path) -> Iterator[Path]:
    """Make a folder that no other process touches, and remove it in the end."""
    remove_left_drafts(parent)
    for _ in range(TRIES):
        folder = _new_name(parent)
        folder.mkdir(0o700)
        if (handle := _held(folder / LOCK, os.O_CREAT)) is None:
            continue
        try:
            yield folder
            return
        finally:
            rmtree(folder, ignore_errors=True)
            os.close(handle)
    raise BlockingIOError(EWOULDBLOCK, "others remove every draft", str(parent))


def _new_file(parent: Path, mode: int) -> tuple[Path, int]:
    for _ in range(TRIES):
        path = _new_name(parent)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        if (handle := _held(path)) is not None:
            return path, handle
    raise BlockingIOError(EWOULDBLOCK, "others remove every draft", str(parent))


def _new_name(parent: Path) -> Path:
    return parent / f"{PREFIX}{_machine()}-{token_hex(6)}{SUFFIX}"


def _machine() -> str:
    return re.sub("[^A-Za-z0-9]+", "", platform.node())[:40]


def _locked(lock: Path, flags: int = 0) -> int:
    """Open a file and lock it until it is closed. Raises OSError where another process holds it, or has removed it."""
    handle = os.open(lock, os.O_RDWR | flags, 0o600)
    try:
        if sys.platform != "win32":
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(handle), lock.stat()):
            raise FileNotFoundError(str(lock))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _held(lock: Path, flags: int = 0) -> int | None:
    """Lock a file of this process. Return None where another has taken or removed it, in the instant before."""
    try:
        return _locked(lock, flags)
    except (FileNotFoundError, BlockingIOError):
        return None
    except OSError:  # a file system without locks, where nobody can take it for one that was left
        return os.open(lock, os.O_RDWR | flags, 0o600)


def _claim(draft: Path, places: Iterable[Path]) -> Path | None:
    """Rename the draft to the first place that is free, and return that. A folder that holds anything is never replaced."""
    for place in places:
        real = _real(place)
        try:
            if sys.platform == "win32":
                with suppress(OSError):
                    real.rmdir()  # an empty folder, which Windows would not replace
            draft.rename(real)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
        else:
            return place
    return None


def _link(draft: Path, place: Path) -> None:
    """Give the draft its place. Raises FileExistsError where anything is there."""
    try:
        os.link(draft, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        draft.replace(place)


def _real(path: Path) -> Path:
    """Return the path behind symbolic links: what is renamed to a link would take the link's place, not its target's."""
    return Path(os.path.realpath(path))
