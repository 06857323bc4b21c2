"""One browser, one viewer of a shelf with everything that there is to see, and windows to look at it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

import clemsim
from clemsim.viewer.library import Library
from clemsim.viewer.report.writing import write_report
from clemsim.viewer.server import ViewerServer
from clemsim.viewer.site import Site
from tests.stress.report.fixed_input import fixed_reports
from tests.viewer.browser.window import HEIGHT, WIDE, Window, axe, chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser

HERE = Path(__file__).parent
STUDY = HERE.parents[2] / "examples" / "study_small" / "results"
FEW = 3  # members of the study that are kept; the others are missing
TRAPS = f"{HERE / 'hostile.py'}:Traps"
ECHO = f"{HERE / 'hostile.py'}:Echo"
session = pytest_asyncio.fixture(scope="session", loop_scope="session")

OpenWindow = Callable[..., Awaitable[Window]]


@session
async def browser() -> AsyncIterator[Browser]:
    """Chromium, without a screen."""
    driver = pytest.importorskip("playwright.async_api", reason="playwright is not installed: see CONTRIBUTING.md")
    if not (path := chromium()):
        pytest.skip("there is no Chromium: install it, or name it in CLEMSIM_TEST_CHROMIUM")
    async with driver.async_playwright() as play:
        opened = await play.chromium.launch(executable_path=path)
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
def axe_script() -> str:
    """The script of axe-core."""
    return axe()


@session
async def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of good and of hostile players, and a report of a stress test."""
    folder = tmp_path_factory.mktemp("shelf")
    games = ["taboo", "wordle", "privateshared"]
    await clemsim.run(suite="quick", arenas=games, agents=["baseline", "random"], instances=4, out=folder / "first")
    await clemsim.run(suite="quick", arenas=games, agents=["random"], seed=7, instances=4, out=folder / "second")
    await clemsim.run(arenas=[TRAPS], agents=[ECHO], out=folder / "traps")
    report = next(iter(fixed_reports().values()))
    shutil.copytree(STUDY, folder / "study")
    for member in sorted((folder / "study" / "members").iterdir())[FEW:]:
        shutil.rmtree(member)
    (folder / "load").mkdir()
    (folder / "load" / "report.json").write_bytes(report.to_json())
    return folder


@session
async def server(shelf: Path) -> AsyncIterator[ViewerServer]:
    """A viewer of the shelf."""
    serving = ViewerServer(Site(Library([shelf])))
    await serving.start("127.0.0.1", 0)
    yield serving
    await serving.stop()


@pytest.fixture(scope="session")
def report(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report of the shelf, as a file on disk."""
    return write_report([shelf], tmp_path_factory.mktemp("report") / "report.html").page.as_uri()


@pytest.fixture(scope="session")
def spread_report(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report of the shelf, as a folder of files."""
    return write_report([shelf], tmp_path_factory.mktemp("report") / "spread").page.as_uri()


@pytest.fixture(scope="session")
def run_report(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report of one run."""
    return write_report([shelf / "first"], tmp_path_factory.mktemp("report") / "first.html").page.as_uri()


@pytest.fixture(scope="session")
def broken_report(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report in a folder whose data were lost."""
    page = write_report([shelf / "first"], tmp_path_factory.mktemp("report") / "broken").page
    shutil.rmtree(page.parent / "data")
    return page.as_uri()


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser) -> AsyncIterator[OpenWindow]:
    """Open windows of their own, without cookies; what they complain of fails the test when it ends."""
    opened: list[Window] = []
    async with AsyncExitStack() as stack:

        async def open_window(root: str, width: int = WIDE, theme: str = "light", **options: Any) -> Window:
            context = await browser.new_context(
                viewport={"width": width, "height": HEIGHT}, color_scheme="dark" if theme == "dark" else "light", **options
            )
            stack.push_async_callback(context.close)
            opened.append(Window(context, await context.new_page(), root))
            return opened[-1]

        yield open_window
    await asyncio.sleep(0)
    assert [complaint for own in opened for complaint in own.complaints] == []
