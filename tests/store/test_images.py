"""Pictures in the store: each once, by digest, in the commit that holds the events that show it; older stores have none."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import clemsim
from clemsim import Instance
from clemsim.errors import StoreError
from clemsim.game.events import Asked, Event, Told
from clemsim.game.instances import EpisodeKey
from clemsim.runs.replay import replay
from clemsim.runs.workers.notices import BufferedRecorder, EventsRecorded
from clemsim.store import reader
from clemsim.store.writer import RunStore
from clemsim.testing import drive
from tests.pictures import Shades, png, shade

KEY, OTHER = EpisodeKey("shades", "default/0", 0, "m"), EpisodeKey("shades", "default/1", 0, "m")
OLD = Path(__file__).parents[1] / "data" / "run-0.1.0-finished"


def events() -> list[Event]:
    return list(drive(Shades(), Instance(), ["SAY: x"] * 3).events)


def whole(events: Iterable[Event]) -> list[bool]:
    """Return of each picture that is shown whether it has its bytes."""
    return [image.is_whole for event in events if isinstance(event, Asked | Told) for image in event.images]


def enlisted(path: Path, *, create: bool = True) -> RunStore:
    store = RunStore(path, create=create)
    for key in (KEY, OTHER):
        store.enlist(key, Instance(), 1)
    return store


def test_a_picture_is_stored_once(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with enlisted(path) as store:
        store.record(KEY, 0, events()[:2])
        store.record(OTHER, 0, events())
    with enlisted(path, create=False) as store:
        store.record(KEY, 0, events())
    with reader.reading(path) as base:
        assert reader.image_digests(base) == [shade(grey).digest for grey in (1, 2, 3)]
        assert reader.image(base, shade(2).digest) == png(grey=2)
        assert reader.events(base, 1) == reader.events(base, 2) == events()
        assert whole(reader.events(base, 1)) == [False] * 4
        with pytest.raises(StoreError, match="there is no picture abc in this run"):
            reader.image(base, "abc")


def test_what_a_worker_passes_on_has_each_picture_once(tmp_path: Path) -> None:
    recorder = BufferedRecorder()
    recorder.record(KEY, 0, events()[:2])
    recorder.record(OTHER, 0, events())
    first, second = recorder.take()
    assert isinstance(first, EventsRecorded) and isinstance(second, EventsRecorded)
    assert whole(first.events) == [True, True]
    assert whole(second.events) == [False, False, False, True]
    with enlisted(tmp_path / "run.db") as store:
        first.tell(store)
        second.tell(store)
    with reader.reading(tmp_path / "run.db") as base:
        assert len(reader.image_digests(base)) == 3 and reader.image(base, shade(1).digest) == png(grey=1)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with enlisted(path) as store:
        store.record(KEY, 0, events())
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("UPDATE images SET data = x'00' WHERE digest = ?", (shade(1).digest,))
    with reader.reading(path) as base:
        assert reader.image(base, shade(2).digest)
        with pytest.raises(StoreError, match="is damaged: it is not the one that was shown"):
            reader.image(base, shade(1).digest)


def test_an_older_run_has_none_and_gets_room_for_some_when_it_is_written_to(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OLD, tmp_path / "old"))
    run = clemsim.open_run(folder)
    assert run.images == {"digest": [], "media_type": [], "data": []}
    with pytest.raises(StoreError, match="there is no picture"):
        run.image("abc")
    RunStore(folder / "run.db", create=False).close()
    with reader.reading(folder / "run.db") as base:
        assert reader.has_images(base) and reader.image_digests(base) == []


class Says(clemsim.Agent):
    """Says something, after some replies nothing more until it may."""

    name = "says"

    def __init__(self, replies: int | None = None) -> None:
        self.left = replies

    async def reply(self, view: clemsim.View) -> clemsim.Message:
        """Say how many pictures were seen."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise clemsim.EngineError("not now")
        return clemsim.Message(view.seat, f"SAY: {sum(len(message.images) for message in view)}")


@pytest.fixture
def spec(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "game.py").write_text(
        "from tests.pictures import Shades as Game\nfrom tests.store.test_images import Says\n"
    )
    return {"arenas": f"{tmp_path}/game.py:Game", "agents": f"{tmp_path}/game.py:Says", "out": tmp_path / "run"}


async def test_a_run_that_stopped_among_its_pictures_is_resumed_and_replayed(
    spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Says, "__init__", lambda self, *_: setattr(self, "left", 2))
    run = await clemsim.run(**spec)
    assert run.summary.unfinished == 2
    monkeypatch.setattr(Says, "__init__", lambda self, *_: setattr(self, "left", None))
    run = await clemsim.resume(run)
    assert run.summary.unfinished == 0
    assert [turn.replied.content for turn in run.transcript(2, trust=True).turns] == ["SAY: 2", "SAY: 2", "SAY: 0"]
    assert [episode.problem for episode in replay(run.folder, trust=True)] == ["", ""]
    monkeypatch.setattr("tests.pictures.png", lambda grey: png(grey=grey + 1))
    assert all("png, sha256" in episode.problem for episode in replay(run.folder, trust=True))
