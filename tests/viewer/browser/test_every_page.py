"""Every page, on the server and in a report, narrow and wide, light and dark. A new page is one more line of a table."""

from __future__ import annotations

import pytest

from clemsim.viewer.server import ViewerServer
from tests.viewer.browser.conftest import OpenWindow
from tests.viewer.browser.window import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SERVED = (
    "",
    "?q=baseline&sort=score",
    "?q=nothing+like+this",
    "run/first",
    "run/traps",
    "run/first/episodes",
    "run/first/episodes?agent=random&arena=taboo&outcome=aborted&flag=re-asked&score=1..2&text=word&sort=-turns",
    "run/first/episodes?outcome=none",
    "run/first/episode/1?arena=taboo&text=secret",
    "run/first/episode/1?saw=guesser",
    "run/first/episode/7",
    "run/traps/episodes",
    "run/traps/episode/2",
    "run/traps/episode/10",
    "study/study",
    "study/study?score=played&against=latency",
    "stress/load",
    "compare",
    "compare?a=first",
    "compare?a=first&agent_a=baseline&agent_b=random&pair=1-13",
    "compare?a=first&agent_a=random&b=second&game=taboo",
)
REPORTED = ("", "#/", "#/run/first", "#/run/traps", "#/run/none", "#/run/first/%2e%2e")
MISSING = ("run/none", "assets/none.css", "nothing")
LOOKS = [(width, theme) for width in (NARROW, WIDE) for theme in ("light", "dark")]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize("path", [*SERVED, *MISSING])
async def test_a_served_page(
    window: OpenWindow, server: ViewerServer, axe_script: str, path: str, width: int, theme: str
) -> None:
    seen = await window(server.url, width, theme)
    await seen.go(path, 404 if path in MISSING else 200)
    assert await seen.heading()
    assert await seen.violations(axe_script) == []
    assert await seen.sideways() == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize("path", REPORTED)
async def test_a_page_of_a_report(
    window: OpenWindow, report: str, axe_script: str, path: str, width: int, theme: str
) -> None:
    seen = await window(report, width, theme)
    await seen.go(path)
    assert await seen.heading()
    assert await seen.violations(axe_script) == []
    assert await seen.sideways() == []
