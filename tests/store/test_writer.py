"""The run store: what is written is what is read, in groups, off the event loop; and what can go wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clemsim.errors import StoreError
from clemsim.game.events import Asked, Ended, Event, Noted, Parsed, Rejected, Replied, Told
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.runtime.observer import WidthSample
from clemsim.store import reader
from clemsim.store.writer import RunStore
from tests.games import Number

KEY = EpisodeKey("guessing", "default/0", 0, "m")
EVENTS: list[Event] = [
    Told("a", "hello \x00 \ud7ff ✓"),
    Asked(1, "a", "well?", False),
    Replied(1, "a", "x" * 100_000, "hm", "length"),
    Rejected(1, "too long", False),
    Asked(2, "a", "again", True),
    Replied(2, "a", "5", "", "stop"),
    Parsed(2, {"n": 5}),
    Noted("fact", [1, None, "x"]),
    Ended("success", "", None, 50.0),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


def written(path: Path) -> None:
    writer = RunStore(path)
    writer.enlist(KEY, Number(), 1)
    writer.started(KEY)
    writer.record(KEY, 0, EVENTS)
    writer.ended(KEY, Outcome.success(50), {"Main Score": 50.0, "odd": None}, [{"Accuracy": 1.0}])
    writer.meta("throughput", {"turns": 2})
    writer.close()


def test_what_is_written_is_read(path: Path) -> None:
    written(path)
    with reader.reading(path) as base:
        (row,) = reader.episodes(base)
        assert (row.key, row.status, row.outcome, row.version) == (KEY, "done", Outcome.success(50), 1)
        assert row.data["target"] == 5
        assert reader.events(base, row.id) == EVENTS
        assert reader.meta(base)["throughput"] == {"turns": 2}
        scores = base.execute("SELECT round, metric, value FROM scores ORDER BY 1, 2").fetchall()
        assert scores == [(0, "Main Score", 50.0), (0, "odd", None), (1, "Accuracy", 1.0)]


def test_events_that_come_twice_stand_once(path: Path) -> None:
    written(path)
    writer = RunStore(path, create=False)
    writer.record(KEY, 0, EVENTS[:4])
    writer.close()
    with reader.reading(path) as base:
        assert reader.events(base, 1) == EVENTS


def test_a_run_is_read_while_it_is_written(path: Path) -> None:
    writer = RunStore(path)
    writer.enlist(KEY, Number(), 1)
    for number in range(2000):
        writer.record(KEY, number, [Noted("n", number)])
    with reader.reading(path) as base:
        seen = base.execute("SELECT count(*) FROM events").fetchone()[0]
        assert 0 <= seen <= 2000
    writer.close()
    with reader.reading(path) as base:
        assert base.execute("SELECT count(*) FROM events").fetchone()[0] == 2000


def test_what_is_no_store(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run at"), reader.reading(path):
        pass
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"run\.db can't be"), reader.reading(path):
        pass


def test_a_store_of_another_version(path: Path) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="a store of version 99; this clemsim reads version 2"), reader.reading(path):
        pass


def test_a_store_that_is_there_is_not_overwritten(path: Path) -> None:
    written(path)
    with pytest.raises(StoreError, match="already exists"):
        RunStore(path)


def test_a_failed_write_is_told(path: Path) -> None:
    writer = RunStore(path)
    writer.enlist(KEY, Number(), 1)
    writer.width_sampled(WidthSample(0.0, None, 1, 1, 1, None, None, ""))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="the run cannot be written: NOT NULL constraint failed"):
        writer.close()
