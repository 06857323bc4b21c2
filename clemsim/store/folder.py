"""The folder of a run: its configuration, its store, its summary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from clemsim._util.drafts import Draft, remove_left_drafts
from clemsim._util.files import (
    PRIVATE,
    PRIVATE_FOLDER,
    check_new,
    dated_places,
    new_folder,
    read_toml,
    write_toml,
    writing_file,
)
from clemsim.errors import StoreError
from clemsim.store.config import RunConfig
from clemsim.store.description import RunDescription

M = TypeVar("M", bound=BaseModel)

LOOK = 0.2  # seconds that a process waits for a lock, which another may hold just to look whether it is held
CONFIG, STORE, SUMMARY, LOCK = "run.toml", "run.db", "summary.json", "run.lock"


def default_folders(config: RunConfig) -> list[Path]:
    """`runs/DATE-TIME-SUITE`, and the names with a number behind it for runs that begin in the same second."""
    return dated_places(Path("runs"), f"-{Path(config.suite).stem}")


def check_folder(folder: Path) -> None:
    """Raise UsageError unless the folder can become a new run."""
    check_new(folder, hint=_hint(folder))


@contextmanager
def making(*places: Path) -> Iterator[Draft]:
    """Yield the draft of a new run, which gets the first of `places` that is free when all is there, so that no run is
    ever half made; `draft.place` tells which. Only its owner may read it. Raises StoreError and UsageError.
    """
    with new_folder(*places, hint=_hint(places[0]), mode=PRIVATE_FOLDER) as draft:
        yield draft


def _hint(folder: Path) -> str:
    return f"choose another --out, or go on with `clemsim resume {folder}`"


def write_description(folder: Path, description: RunDescription) -> None:
    """Write `run.toml`."""
    write_toml(folder / CONFIG, description.as_toml(), mode=PRIVATE)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the run: no other process may write it meanwhile. The lock goes with the process, however that ends.

    Raises StoreError when another one holds it.
    """
    lock = FileLock(folder / LOCK, timeout=LOOK, mode=PRIVATE)
    with writing_file(folder):
        try:
            lock.acquire()
        except Timeout as error:  # an OSError too
            raise StoreError(f"another process is playing {folder}: wait for it, or stop it first") from error
    try:
        remove_left_drafts(folder)
        yield
    finally:
        lock.release()


def is_played(folder: Path) -> bool:
    """Return whether a process holds the run now; also where that cannot be told, for want of permission."""
    if not (folder / LOCK).is_file():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0, mode=PRIVATE):
            return False
    except OSError:  # Timeout is one
        return True


def read_description(folder: Path) -> RunDescription:
    """Return what `run.toml` says. Raises StoreError where it is missing or wrong."""
    if not (folder / CONFIG).is_file():
        raise StoreError(f"there is no run at {folder}: {CONFIG} is missing")
    return _checked(RunDescription, read_toml(folder / CONFIG, StoreError), folder)


def read_config(folder: Path) -> RunConfig:
    """Return the configuration of a run, to play it. Raises StoreError, also for a key that this version does not know."""
    return _checked(RunConfig, read_description(folder).config.model_dump(exclude_unset=True), folder)


def _checked(kind: type[M], data: dict[str, Any], folder: Path) -> M:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise StoreError(f"{folder / CONFIG}: {error.errors()[0]['msg']}") from error
