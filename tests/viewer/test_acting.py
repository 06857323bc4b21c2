"""Resume, branch and take a seat in the browser: only whoever has the token, from a page of the viewer itself."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import clemsim
from clemsim.game.events import Replied
from tests.viewer.conftest import Viewer

ACTS = ["/run/first/act/resume", "/run/first/act/branch", "/run/first/act/seat", "/run/first/seat"]


@pytest.mark.parametrize("path", ACTS)
async def test_nobody_acts_without_the_token(viewer: Viewer, folder: Path, path: str) -> None:
    _, text = await viewer.post(path, 403, episode=1, turn=1, agent="random", n=1, temperature=0, text="hello")
    assert "printed in the terminal" in text
    assert _names(folder) == ["first"]


@pytest.mark.parametrize("origin", ["http://attacker.example", "http://127.0.0.1:1", "null", ""])
@pytest.mark.parametrize("path", ACTS)
async def test_a_foreign_page_cannot_act_for_the_user(viewer: Viewer, folder: Path, path: str, origin: str) -> None:
    await viewer.sign_in()
    _, text = await viewer.post(path, 403, origin, episode=1, turn=1, agent="random", n=1, temperature=0, text="hello")
    assert "only pages of this viewer" in text
    assert _names(folder) == ["first"]


async def test_a_wrong_token_is_refused(viewer: Viewer) -> None:
    assert "token is of another viewer" in await viewer.page("/?token=guessed", 403)


async def test_readers_see_no_forms_that_act(viewer: Viewer, folder: Path) -> None:
    _unfinish(folder / "first")
    assert "/act/" not in await viewer.page("/run/first")
    await viewer.sign_in()
    assert 'action="/run/first/act/resume"' in await viewer.page("/run/first")


async def test_an_unfinished_run_is_resumed(viewer: Viewer, folder: Path) -> None:
    _unfinish(folder / "first")
    await viewer.sign_in()
    assert (await viewer.post("/run/first/act/resume"))[0] == "/run/first"
    await _until(lambda: clemsim.open_run(folder / "first").summary.unfinished == 0)


async def test_a_branch_is_a_new_run(viewer: Viewer, folder: Path) -> None:
    await viewer.sign_in()
    path, _ = await viewer.post("/run/first/act/branch", episode=1, turn=1, agent="random", n=2, temperature=0)
    made = folder / path.rpartition("/")[2]
    assert made.name.endswith("-branch")
    await _until(lambda: clemsim.open_run(made).summary.unfinished == 0)
    assert clemsim.open_run(made).summary.episodes == 2


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"agent": "nobody"}, "there is no agent"),
        ({"agent": ""}, "agent: give a text"),
        ({"turn": "x"}, "turn: give a number"),
        ({"turn": 999}, "there is no turn 999"),
        ({"n": 0}, "n: give a number from 1 on"),
    ],
)
async def test_a_wrong_form_says_what_is_wrong(viewer: Viewer, form: dict[str, object], problem: str) -> None:
    await viewer.sign_in()
    right: dict[str, object] = {"episode": 1, "turn": 1, "agent": "random", "n": 1, "temperature": 0}
    _, text = await viewer.post("/run/first/act/branch", 400, None, **(right | form))
    assert problem in text


async def test_a_person_takes_a_seat_and_plays_to_the_end(viewer: Viewer, folder: Path) -> None:
    await viewer.sign_in()
    path, text = await viewer.post("/run/first/act/seat", episode=1, turn=1)
    for _ in range(10):
        turn = re.search(r'name="turn" value="(\d+)"', text)
        if not turn:
            break
        assert "you are asked" in text
        await viewer.post(path, turn=turn[1], text="CLUE: <b>something</b>")
        text = await _after(viewer, path, turn[1])
    assert "The game is over." in text
    made = clemsim.open_run(folder / path.split("/")[2])
    replies = [event.content for event in made.transcript(1).events if isinstance(event, Replied)]
    assert "CLUE: <b>something</b>" in replies


async def test_a_turn_is_answered_once(viewer: Viewer) -> None:
    await viewer.sign_in()
    path, _ = await viewer.post("/run/first/act/seat", episode=1, turn=1)
    assert "does not wait" in (await viewer.post(path, 400, turn=99, text="late"))[1]


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def _unfinish(folder: Path) -> None:
    """Make the last episode of a run one that was never begun."""
    with sqlite3.connect(folder / "run.db") as base:
        (last,) = base.execute("SELECT max(id) FROM episodes").fetchone()
        for table in ("events", "requests", "scores", "seats", "details"):
            base.execute(f"DELETE FROM {table} WHERE episode = ?", (last,))
        columns = (
            "outcome = NULL, reason = NULL, blame = NULL, quality = NULL, started = NULL, ended = NULL, checksum = NULL"
        )
        base.execute(f"UPDATE episodes SET status = 'waiting', {columns} WHERE id = ?", (last,))
    base.close()


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if await asyncio.to_thread(holds):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come")


async def _after(viewer: Viewer, path: str, turn: str) -> str:
    """Return the page of a seat once the others have played after a turn."""
    for _ in range(100):
        page = await viewer.page(path)
        if f'value="{turn}"' not in page and "The others play" not in page:
            return page
        await asyncio.sleep(0.05)
    raise AssertionError("the page did not change")
