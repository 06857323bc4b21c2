"""The folder of a run: its configuration, its store, its summary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from clemsim._util.files import check_new, read_toml, write_toml, writing_file
from clemsim.errors import StoreError
from clemsim.store.config import RunConfig
from clemsim.store.description import RunDescription

M = TypeVar("M", bound=BaseModel)

CONFIG, STORE, SUMMARY, LOCK = "run.toml", "run.db", "summary.json", "run.lock"


def default_folder(config: RunConfig) -> Path:
    """`runs/DATE-TIME-SUITE`, with a number behind it where that is taken."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{Path(config.suite).stem}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(path for name in names if not (path := Path("runs") / name).exists())


def check_folder(folder: Path) -> None:
    """Raise UsageError unless the folder can become a new run."""
    check_new(folder, hint=f"choose another --out, or go on with `clemsim resume {folder}`")


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """Return a folder to write a new run into; it gets its name when all is there, so that no run is ever half made.

    Raises StoreError.
    """
    draft = folder.absolute().with_name(f".{folder.absolute().name}.new")
    try:
        with writing_file(folder):
            rmtree(draft, ignore_errors=True)  # of a process that was killed here
            draft.mkdir(parents=True)
            yield draft
            draft.replace(folder)
    finally:
        rmtree(draft, ignore_errors=True)


def write_description(folder: Path, description: RunDescription) -> None:
    """Write `run.toml`."""
    write_toml(folder / CONFIG, description.as_toml())


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the run: no other process may write it meanwhile. The lock goes with the process, however that ends.

    Raises StoreError when another one holds it.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    with writing_file(folder):
        try:
            lock.acquire()
        except Timeout as error:  # an OSError too
            raise StoreError(f"another process is playing {folder}: wait for it, or stop it first") from error
    try:
        yield
    finally:
        lock.release()


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
