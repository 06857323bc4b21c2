"""The run store: what is written is what is read, in groups, off the event loop; and what can go wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import enumerate as enumerate_threads
from time import sleep

import pytest

from clemsim.errors import StoreError
from clemsim.game.events import Asked, Ended, Event, Noted, Parsed, Rejected, Replied, Told, decode
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.diagnostics import ServerReport, shared_servers
from clemsim.runs.manifest import create_run
from clemsim.runs.prepare import prepare
from clemsim.runtime.observer import WidthSample
from clemsim.store import checksums, reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE
from clemsim.store.following import Following
from clemsim.store.write_batch import WriteBatch
from clemsim.store.writer import GATHER, RunStore
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
        (ended,) = base.execute("SELECT body FROM events WHERE type = 'ended'").fetchone()
        assert ended == '{"kind":"success","reason":"","blame":null,"quality":50.0}'  # as it was always stored
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
    with pytest.raises(StoreError, match=r"run\.db cannot be"), reader.reading(path):
        pass


def test_a_store_of_another_version(path: Path) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="a store of version 99; this clemsim reads versions 2 and 3"), reader.reading(path):
        pass


def test_a_store_that_is_there_is_not_overwritten(path: Path) -> None:
    written(path)
    with pytest.raises(StoreError, match="already exists"):
        RunStore(path)


def test_a_failed_write_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunStore(path)

    def full(self: WriteBatch, base: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(WriteBatch, "write", full)
    with pytest.raises(StoreError, match="the run cannot be written: database or disk is full; what was committed before"):
        writer.close()


def stores_open() -> int:
    return [thread.name for thread in enumerate_threads()].count("recorder")


def test_the_error_in_a_context_goes_before_that_of_closing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: WriteBatch, base: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(WriteBatch, "write", full)
    before = stores_open()
    with pytest.raises(KeyError, match="first"), RunStore(path):
        raise KeyError("first")
    assert stores_open() == before


def test_a_run_that_cannot_be_made_leaves_no_store_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: RunStore, *row: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(RunStore, "enlist", full)
    before = stores_open()
    with pytest.raises(StoreError, match="the disk is full"):
        create_run([tmp_path / "r"], prepare(RunConfig(arenas=("taboo",), agents=("random",), instances=1)))
    assert stores_open() == before


OTHER, THIRD = EpisodeKey("guessing", "default/1", 0, "m"), EpisodeKey("guessing", "default/2", 0, "m")
HUGE: list[tuple[str, Event]] = [
    ("Integer exceeds 64-bit range", Noted("n", 2**70)),
    ("surrogates not allowed", Told("a", "\udcff")),
    ("Integer exceeds 64-bit range", Asked(2**70, "a", "")),
]


@pytest.mark.parametrize(("reason", "event"), HUGE, ids=[type(event).__name__ for _, event in HUGE])
def test_a_row_that_cannot_be_written_sets_its_own_episode_aside(path: Path, reason: str, event: Event) -> None:
    writer = RunStore(path)
    for key in (KEY, OTHER, THIRD):
        writer.enlist(key, Number(), 1)
        writer.record(key, 0, EVENTS[:3])
    writer.record(OTHER, 3, [event])
    for key in (KEY, OTHER, THIRD):
        writer.record(key, 4 if key == OTHER else 3, EVENTS[3:])
        writer.ended(key, Outcome.success(50), {"Main Score": 50.0}, [])
    writer.width_sampled(WidthSample(0.0, None, 1, 1, 1, None, None, ""))  # type: ignore[arg-type]
    sleep(3 * GATHER)  # what comes later of the same episode is not written either
    writer.record(OTHER, 9, [Noted("late", 1)])
    writer.ended(OTHER, Outcome.success(50), {"Main Score": 50.0}, [])
    writer.close()
    with reader.reading(path) as base:
        rows = {row.key: row for row in reader.episodes(base)}
        assert [rows[key].status for key in (KEY, OTHER, THIRD)] == ["done", "unfinished", "done"]
        assert rows[OTHER].cause == "not stored" and reason in rows[OTHER].detail
        assert reader.events(base, 1) == reader.events(base, 3) == EVENTS
        assert reader.events(base, 2) == EVENTS[:3]
        assert base.execute("SELECT DISTINCT episode FROM scores").fetchall() == [(1,), (3,)]


def test_an_episode_that_cannot_be_enlisted_ends_the_run(path: Path) -> None:
    writer = RunStore(path)
    writer.enlist(EpisodeKey("guessing", "\udcff", 0, "m"), Number(), 1)
    with pytest.raises(StoreError, match="the run cannot be written"):
        writer.close()


def test_scores_that_are_no_numbers_are_undefined(path: Path) -> None:
    writer = RunStore(path)
    writer.enlist(KEY, Number(), 1)
    writer.ended(KEY, Outcome.success(50), {"nan": float("nan"), "inf": float("-inf"), "half": 0.5}, [])
    writer.close()
    with reader.reading(path) as base:
        scores = dict(base.execute("SELECT metric, value FROM scores").fetchall())
        assert scores == {"nan": None, "inf": None, "half": 0.5}


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(statement)


CHANGES = [
    "UPDATE events SET body = replace(body, '5', '6') WHERE type = 'parsed'",
    "UPDATE events SET type = 'told' WHERE number = 1",
    "DELETE FROM events WHERE number = 3",
    "UPDATE episodes SET data = replace(data, '5', '6')",
    "UPDATE episodes SET quality = 51",
    "UPDATE episodes SET outcome = 'failure'",
    "UPDATE episodes SET reason = 'x'",
    "UPDATE episodes SET instance = 'default/7'",
    "UPDATE episodes SET \"cast\" = 'n'",
    "UPDATE episodes SET checksum = 'ff'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_episode_that_was_changed_is_named(path: Path, change: str) -> None:
    written(path)
    damage(path, change)
    with (
        pytest.raises(StoreError, match=r"episode 1 \(guessing/default/\d of \w\) is damaged"),
        reader.reading(path) as base,
    ):
        reader.events(base, 1)


def test_scores_can_be_computed_anew_without_a_new_checksum(path: Path) -> None:
    written(path)
    writer = RunStore(path, create=False)
    writer.score(KEY, {"Main Score": 1.0}, [])
    writer.close()
    with reader.reading(path) as base:
        checksums.check(base)


WRONG = [
    "UPDATE episodes SET data = '{'",
    "UPDATE episodes SET data = '[1]'",
    "UPDATE episodes SET status = 'dome'",
    "UPDATE episodes SET repetition = 'x'",
    "UPDATE episodes SET cause = x'07'",
    "UPDATE episodes SET arena = x'00ff'",
    "UPDATE episodes SET arena = CAST(x'ff' AS TEXT)",
    "UPDATE events SET body = '{'",
    "UPDATE events SET body = '{}'",
    'UPDATE events SET body = \'{"seat": 3, "content": ""}\' WHERE type = \'told\'',
    "UPDATE events SET type = 'tole'",
    "UPDATE meta SET value = '{'",
]


@pytest.mark.parametrize("change", WRONG)
def test_what_cannot_be_read_is_a_store_error(path: Path, change: str) -> None:
    written(path)
    damage(path, change)
    damage(path, "UPDATE episodes SET checksum = NULL")
    with pytest.raises(StoreError), reader.reading(path) as base:
        list(reader.episodes(base))
        reader.events(base, 1)
        reader.meta(base)


def test_a_store_from_before_agents_shared_servers_takes_samples(path: Path) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as base:
        base.executescript(
            "ALTER TABLE loads DROP COLUMN server; INSERT INTO loads VALUES (0.5, 'm', 9, 9, 9" + ", NULL" * 7 + ")"
        )
    assert shared_servers_in(path) == {}
    for at in (1.5, 2.5):  # the column is added once
        writer = RunStore(path, create=False)
        for agent in ("m", "m+poet"):
            writer.width_sampled(WidthSample(at, agent, 32, 9, 8, None, None, "", server="http://s:1"))
        writer.close()
    (report,) = shared_servers_in(path).values()
    assert report == ServerReport(agents=["m", "m+poet"], width=64, in_flight=16, prefix_hits=None)


def shared_servers_in(path: Path) -> dict[str, ServerReport]:
    with reader.reading(path) as base:
        return shared_servers(base)


def test_what_was_played_before_a_restart_is_kept_apart_even_when_all_goes_into_one_batch(path: Path) -> None:
    again: list[Event] = [Told("a", "anew"), Asked(1, "a", "well?", False)]
    writer = RunStore(path)
    writer.enlist(KEY, Number(), 1)
    for number in range(3):
        writer.record(KEY, 0, EVENTS[:4] if number == 0 else again)
        if number < 2:
            writer.restarted(KEY, "turn 1: another ask")
    writer.close()
    with reader.reading(path) as base:
        assert reader.events(base, 1) == again
        assert reader.restart_counts(base) == {1: 2}
        first, second = reader.restarts(base)
        assert (first.turns, second.turns, first.why) == (1, 0, "turn 1: another ask")
        (body,) = base.execute("SELECT kept->'$.events'->2->>2 FROM restarts WHERE number = 1").fetchone()
        assert decode("replied", body) == EVENTS[2]


def test_who_follows_a_run_is_told_a_restarted_episode_from_its_beginning(tmp_path: Path) -> None:
    again: list[Event] = [Asked(1, "a", "well?", False), Replied(1, "a", "6", "", "stop")]
    with RunStore(tmp_path / STORE) as writer:
        writer.enlist(KEY, Number(), 1)
        writer.started(KEY)
        writer.record(KEY, 0, EVENTS[:4])
    following = Following(tmp_path, [1])
    assert [news.events for news in following.news()] == [EVENTS[:4]]
    with RunStore(tmp_path / STORE, create=False) as writer:
        writer.restarted(KEY, "turn 1: another ask")
        writer.record(KEY, 0, again)
    assert [news.events for news in following.news()] == [again]
