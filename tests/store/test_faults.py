"""The n-th write fails, the process dies after the n-th commit: for every n the run goes on to what it would have been."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clemsim.errors import StoreError
from clemsim.runs import run as runs
from clemsim.runs.manifest import create_run
from clemsim.runs.prepare import prepare
from clemsim.store import checksums, reader, writer
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE
from clemsim.store.write_batch import WriteBatch

CONFIG = RunConfig(arenas=("taboo",), agents=("random",), instances=1, width=1)


def contents(folder: Path) -> tuple[dict[str, list[Any]], list[Any]]:
    """Every episode's events and outcome, and every score. Fails where the store is damaged."""
    with reader.reading(folder / STORE) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        checksums.check(base)
        episodes = {str(row.key): [row.status, row.outcome, *reader.events(base, row.id)] for row in reader.episodes(base)}
        scores = base.execute("SELECT * FROM scores ORDER BY episode, round, metric").fetchall()
    return episodes, scores


class Commits:
    """Makes each row, or every few of them, a commit of its own, and counts them; the n-th may fail."""

    def __init__(self, every: int, failing: int | None = None, images: tuple[Path, Path] | None = None) -> None:
        self.count = 0
        self.every = every
        self.failing = failing
        self.images = images

    def write(self, batch: WriteBatch, base: sqlite3.Connection) -> None:
        """Write the rows of a batch, few at a time. What is put into a batch together when an episode ends stays so."""
        rows = [(kind, row) for kind, some in batch.rows.items() for row in some]
        early = [row for row in rows if row[0] not in ENDING]
        for begin in range(0, len(early), self.every):
            self._commit(base, early[begin : begin + self.every])
        for episode in dict.fromkeys(row[0] for kind, row in rows if kind in ENDING):
            self._commit(base, [each for each in rows if each[0] in ENDING and each[1][0] == episode])

    def _commit(self, base: sqlite3.Connection, rows: list[Any]) -> None:
        self.count += 1
        if self.count == self.failing:
            raise sqlite3.OperationalError("disk I/O error")
        part = WriteBatch()
        for kind, row in rows:
            part.add(kind, [row])
        WRITE(part, base)
        if self.images:
            folder, images = self.images
            shutil.copytree(folder, images / str(self.count), dirs_exist_ok=True)


ENDING = {"ended", "unscored", "scores"}
WRITE = WriteBatch.write


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return what installs a Commits in place of the writing of batches."""
    monkeypatch.setattr(writer, "GATHER", 0.0)

    def install(every: int, failing: int | None = None, images: tuple[Path, Path] | None = None) -> Commits:
        installed = Commits(every, failing, images)
        monkeypatch.setattr(WriteBatch, "write", lambda batch, base: installed.write(batch, base))
        return installed

    yield install


def play(folder: Path) -> None:
    asyncio.run(runs.play(CONFIG, folder))


def resume(folder: Path) -> None:
    asyncio.run(runs.resume(folder))


def fail_each(tmp_path: Path, commits: Any, every: int, step: int) -> None:
    """Let the n-th write fail, for every `step`-th n, and resume."""
    counting = commits(every)
    play(tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    assert all(episode[0] == "done" for episode in whole[0].values())
    for failing in range(1, counting.count + 1, step):
        folder = tmp_path / str(failing)
        commits(every, failing)
        try:
            play(folder)
        except StoreError as error:
            assert "cannot be written: disk I/O error; what was committed before is safe" in str(error)
        commits(10**9)
        if folder.exists():  # else the run failed while it was made
            resume(folder)
            assert contents(folder) == whole, f"write {failing} failed"


def image_each(tmp_path: Path, commits: Any, every: int, step: int) -> None:
    """Copy the folder after every commit, as a crash would leave it, and resume every `step`-th copy."""
    commits(10**9)
    play(tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    create_run([tmp_path / "r"], prepare(CONFIG))
    counting = commits(every, images=(tmp_path / "r", tmp_path / "images"))
    resume(tmp_path / "r")
    assert contents(tmp_path / "r") == whole
    commits(10**9)
    for number in range(1, counting.count + 1, step):
        image = tmp_path / "images" / str(number)
        contents(image)
        resume(image)
        assert contents(image) == whole, f"crash after commit {number}"


def test_a_write_fails_and_the_run_goes_on(tmp_path: Path, commits: Any) -> None:
    fail_each(tmp_path, commits, every=6, step=4)


def test_a_crash_after_a_commit_loses_nothing(tmp_path: Path, commits: Any) -> None:
    image_each(tmp_path, commits, every=6, step=4)


@pytest.mark.slow
def test_every_write_fails_and_the_run_goes_on(tmp_path: Path, commits: Any) -> None:
    fail_each(tmp_path, commits, every=1, step=1)


@pytest.mark.slow
def test_a_crash_after_every_commit_loses_nothing(tmp_path: Path, commits: Any) -> None:
    image_each(tmp_path, commits, every=1, step=1)
