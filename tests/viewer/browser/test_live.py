"""A run that is looked at while it is played: the pages follow it, and say when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import clemsim
from clemsim.viewer.library import Library
from clemsim.viewer.server import ViewerServer
from clemsim.viewer.site import Site
from tests.viewer.browser.conftest import HERE, TRAPS, OpenWindow
from tests.viewer.browser.window import STEP

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SLOW = f"{HERE / 'hostile.py'}:Slow"


@pytest_asyncio.fixture(loop_scope="session")
async def playing(tmp_path: Path) -> AsyncIterator[ViewerServer]:
    """A viewer of a run that has just begun, and takes some seconds."""
    task = asyncio.create_task(clemsim.run(arenas=[TRAPS], agents=[SLOW], width=1, out=tmp_path / "live"))
    while not (tmp_path / "live" / "run.db").exists():
        await asyncio.sleep(STEP)
        assert not task.done()
    serving = ViewerServer(Site(Library([tmp_path])))
    await serving.start("127.0.0.1", 0)
    yield serving
    await task
    await serving.stop()


async def test_a_page_follows_the_run_without_being_loaded_again(window: OpenWindow, playing: ViewerServer) -> None:
    seen = await window(playing.url)
    await seen.go("run/live")
    await seen.page.evaluate("document.body.dataset.mine = 'kept'")
    await seen.holds("#live-mark", "live")
    rows = set()
    while await seen.page.locator("#live-mark").count():
        rows.add(await seen.page.inner_text("#table"))
        await asyncio.sleep(STEP)
    await seen.holds("main .chip", "done")
    assert len(rows) > 1, "the table stayed as it was until the run had ended"
    assert await seen.page.locator("#table tbody tr").count() >= 2
    assert await seen.page.evaluate("document.body.dataset.mine") == "kept"
