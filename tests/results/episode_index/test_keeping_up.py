"""The index keeps up with a store that is written, and is made anew where it is no use."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from shutil import copy
from threading import Thread

import pytest

from clemsim import Instance
from clemsim.errors import StoreError
from clemsim.game.outcomes import Outcome
from clemsim.results.episode_index import filling
from clemsim.results.episode_index.episode_filter import EpisodeFilter
from clemsim.results.episode_index.index import EpisodeIndex
from clemsim.store.writer import RunStore
from tests.results.episode_index.runs import RUN, Played, record, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "r")


def found(index: EpisodeIndex, text: str) -> list[int]:
    return [row.id for row in index.page(EpisodeFilter(text=text))]


def test_a_run_that_goes_on_is_followed(folder: Path) -> None:
    rest = replace(RUN[7], said=("CLUE: one", "GUESS: two", "CLUE: zebra"), outcome=Outcome.success(30))
    new = Played("chess", 9, said=("zebra crossing",))
    with EpisodeIndex(folder) as index:
        assert (index.sync(), index.sync()) == (8, 0)
        assert found(index, "apple") == [1, 4, 5, 6, 7, 8]
        with RunStore(folder / "run.db", create=False) as store:
            store.enlist(new.key, Instance(), 1)
            record(store, new)
            record(store, replace(rest, said=(*RUN[7].said, "CLUE: zebra")))
        assert found(index, "zebra") == []
        assert (index.sync(), index.sync()) == (2, 0)
        assert found(index, "zebra") == [8, 9] and found(index, "apple zebra") == [8]
        assert found(index, "apple") == [1, 4, 5, 6, 7, 8]
        facts = index.facts(8)
        assert (facts.outcome, facts.turns, facts.requests, facts.score) == ("success", 3, 3, 30)
        assert index.state().whole


def test_an_outcome_that_is_written_anew_is_seen(folder: Path) -> None:
    with EpisodeIndex(folder) as index:
        index.sync()
        with closing(sqlite3.connect(folder / "run.db")) as base, base:
            base.execute("UPDATE episodes SET quality = 55 WHERE id = 1")
        assert index.sync() == 1
        assert index.facts(1).score == 55 and found(index, "apple")[0] == 1


def test_an_episode_is_read_again_when_it_has_twice_as_many_events(folder: Path) -> None:
    going_on = replace(RUN[7], said=("one", "two", "three"))
    with EpisodeIndex(folder) as index:
        index.sync()
        with RunStore(folder / "run.db", create=False) as store:
            record(store, replace(going_on, said=(*RUN[7].said, "three")))
        index.sync()
        assert index.facts(8).turns == 3 and found(index, "three") == [], "10 events, of which 7 were read"
        with RunStore(folder / "run.db", create=False) as store:
            record(store, replace(going_on, said=(*RUN[7].said, "three", "four", "five")))
        assert found(index, "five") == []
        index.sync()
        assert found(index, "five") == [8], "what was found before is not kept"
        assert found(index, "three five") == [8]


def test_the_index_is_kept_and_not_for_others(folder: Path) -> None:
    with EpisodeIndex(folder) as index:
        index.sync()
    assert {path.name for path in folder.iterdir()} == {"run.db", "index.db"}
    assert stat.S_IMODE((folder / "index.db").stat().st_mode) == 0o600
    with EpisodeIndex(folder) as again:
        assert again.count() == 8 and found(again, "moon") == [2], "before anything is read"
        assert again.sync() == 0


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2000:] = bytes(255 for _ in content[2000:])
    path.write_bytes(content)


def other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version=99")


@pytest.mark.parametrize(
    "spoil",
    [
        damage,
        other_version,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database" * 1000),
        lambda path: path.unlink(),
    ],
    ids=["damaged", "version", "empty", "other", "missing"],
)
def test_an_index_that_is_no_use_is_made_anew(folder: Path, spoil: object) -> None:
    with EpisodeIndex(folder) as index:
        index.sync()
    assert callable(spoil)
    spoil(folder / "index.db")
    with EpisodeIndex(folder) as again:
        assert again.sync() == 8
        assert again.count() == 8 and found(again, "moon") == [2]


def test_the_index_of_another_run_is_made_anew(folder: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", [replace(RUN[0], said=("pear",))], session=2.0)
    with EpisodeIndex(folder) as index:
        index.sync()
    copy(folder / "index.db", other / "index.db")
    with EpisodeIndex(other) as index:
        assert index.sync() == 1
        assert index.count() == 1 and found(index, "pear") == [1] and found(index, "apple") == []


def test_an_index_goes_with_a_copy_of_its_run(folder: Path, tmp_path: Path) -> None:
    with EpisodeIndex(folder) as index:
        index.sync()
    copied = tmp_path / "copied"
    copied.mkdir()
    for path in folder.iterdir():
        copy(path, copied / path.name)
    with EpisodeIndex(copied) as index:
        assert index.sync() == 0 and found(index, "moon") == [2]


def test_where_the_folder_cannot_be_written_the_index_is_a_temporary_file(folder: Path) -> None:
    (folder / "index.db").mkdir()  # for whom permissions mean nothing: nor can this be a file
    with EpisodeIndex(folder) as index:
        assert index.sync() == 8
        place = index.path
        assert place.parent != folder and stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert found(index, "moon") == [2]
    assert not place.parent.exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions mean nothing")
def test_a_folder_for_reading_alone_is_left_as_it_is(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        with EpisodeIndex(folder) as index:
            assert index.sync() == 8 and index.path.parent != folder
    finally:
        folder.chmod(0o700)


def test_a_folder_without_a_run_and_a_damaged_store_get_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run at"):
        EpisodeIndex(tmp_path)
    damage(folder / "run.db")
    with EpisodeIndex(folder) as index, pytest.raises(StoreError, match="cannot be"):
        index.sync()


def test_texts_come_in_chunks_and_can_be_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CHUNK_EPISODES", 3)
    told: list[tuple[int, int]] = []
    with EpisodeIndex(folder) as index:
        assert index.sync(texts=False) == 8
        assert (index.state().episodes, index.state().texted) == (8, 0)
        assert found(index, "moon") == []
        index.sync(lambda done, all_: told.append((done, all_)), stop=lambda: len(told) == 2)
        assert told == [(3, 8), (6, 8)] and not index.state().whole
        index.sync()
        assert index.state().whole and found(index, "moon") == [2]


def test_an_index_answers_in_every_thread_while_it_is_filled(folder: Path) -> None:
    answers: list[int] = []

    def work(own: EpisodeIndex) -> None:
        own.sync()
        answers.append(own.count())

    with EpisodeIndex(folder) as index, EpisodeIndex(folder) as other:
        threads = [Thread(target=work, args=[own]) for own in (index, other) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [8] * 6
        assert found(index, "moon") == found(other, "moon") == [2]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux tells them")
def test_threads_that_have_ended_keep_no_file_open(folder: Path) -> None:
    with EpisodeIndex(folder) as index:
        index.sync()
        counts = []
        for _ in range(5):
            thread = Thread(target=index.count)
            thread.start()
            thread.join()
            counts.append(len(list(Path("/proc/self/fd").iterdir())))
        assert counts[-1] == counts[0]


def test_what_another_process_has_read_is_found(folder: Path) -> None:
    with EpisodeIndex(folder) as index, EpisodeIndex(folder) as other:
        index.sync(texts=False)
        assert found(index, "moon") == []
        other.sync()
        assert found(index, "moon") == [2]


def test_indexes_of_sql_are_made_where_there_are_many_episodes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EpisodeIndex(folder) as index:
        for few, made in ((8, False), (7, True)):
            monkeypatch.setattr(filling, "FEW", few)
            (folder / "run.db").touch()
            index.sync()
            with closing(sqlite3.connect(index.path)) as base:
                names = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
            assert ("by_score" in names) is made and ("by_ending" in names) is made
        assert [row.id for row in index.page(EpisodeFilter(sort="score"))][:2] == [2, 7]
