"""Every page, on the server and in a report, narrow and wide, light and dark. A new page is one more line of a table."""

from __future__ import annotations

import pytest

from clemsim.viewer.server import ViewerServer
from tests.viewer.browser.conftest import OpenWindow
from tests.viewer.browser.hostile import EVIL
from tests.viewer.browser.window import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RUNS = (  # pages that are at the same address on the server and in a report
    "run/first",
    "run/traps",
    "run/second",
    "run/first/episodes",
    "run/first/episodes?agent=random&outcome=failure&sort=-score",
    "run/first/episodes?text=clue&in=said&turns=1..9",
    "run/first/episodes?text=nothinglikethis",
    "run/traps/episodes",
    "run/first/episode/1",
    "run/first/episode/4?agent=baseline",
    "run/first/episode/1?saw=describer",
    *(f"run/traps/episode/{number}" for number in range(1, len(EVIL) + 2)),
    f"run/traps/episode/{len(EVIL) + 1}?saw=one",
    "study/study",
    "stress/load",
    "compare",
    "compare?a=first",
)
SERVED = (
    "",
    "?q=baseline&sort=score",
    "?q=nothing+like+this",
    "run/first/episodes?score=many",
    "study/study?score=played&against=latency",
    "compare?a=first&agent_a=baseline&agent_b=random&pair=1-13",
    "compare?a=first&agent_a=random&b=second&game=taboo",
)
REPORTED = ("", "#/", "#/run/none", "#/run/first/%2e%2e", "#/run/first/episode/999", "#/run/first/episodes?score=many")
MISSING = ("run/none", "assets/none.css", "nothing", "run/first/episode/999")
LOOKS = [(width, theme) for width in (NARROW, WIDE) for theme in ("light", "dark")]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize("path", [*RUNS, *SERVED, *MISSING])
async def test_a_served_page(
    window: OpenWindow, server: ViewerServer, axe_script: str, path: str, width: int, theme: str
) -> None:
    seen = await window(server.url, width, theme)
    await seen.go(path, 404 if path in MISSING else 200)
    assert await seen.heading()
    assert await seen.violations(axe_script) == []
    assert await seen.sideways() == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize("path", [*(f"#/{path}" for path in RUNS), *REPORTED])
async def test_a_page_of_a_report(
    window: OpenWindow, report: str, axe_script: str, path: str, width: int, theme: str
) -> None:
    seen = await window(report, width, theme)
    await seen.go(path)
    assert await seen.heading()
    assert await seen.violations(axe_script) == []
    assert await seen.sideways() == []
