"""What models and games say is text, whatever it looks like."""

from __future__ import annotations

import pytest

from clemsim._util.text import safe
from clemsim.viewer.server import ViewerServer
from tests.viewer.browser.conftest import OpenWindow
from tests.viewer.browser.hostile import EVIL, LONG
from tests.viewer.browser.window import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("root", ["server", "report"])
@pytest.mark.parametrize("number", range(1, len(EVIL) + 1))
async def test_a_text_is_shown_as_it_stands(
    window: OpenWindow, server: ViewerServer, report: str, root: str, number: int
) -> None:
    seen = await window(server.url if root == "server" else report)
    await seen.go(f"{'' if root == 'server' else '#/'}run/traps/episode/{number}")
    said = await seen.page.locator(".reply .said").all_text_contents()
    assert any(safe(EVIL[number - 1]) in text for text in said)
    assert "broken" not in await seen.page.title()
    assert await seen.page.locator("h1").count() == 1
    assert await seen.page.locator("main img[src^=http], main script, main iframe, main object").count() == 0
    text = await seen.page.inner_text("body")
    assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(text)


@pytest.mark.parametrize("root", ["server", "report"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
async def test_a_line_of_a_megabyte_is_broken_into_lines(
    window: OpenWindow, server: ViewerServer, report: str, root: str, width: int
) -> None:
    seen = await window(server.url if root == "server" else report, width)
    await seen.go(f"{'' if root == 'server' else '#/'}run/traps/episode/{len(EVIL) + 1}")
    told = await seen.page.eval_on_selector(".reply", "own => own.textContent.replace(/[^x]/g, '').length")
    assert told >= len(LONG)
    assert await seen.sideways() == []


@pytest.mark.parametrize("root", ["server", "report"])
async def test_lists_show_hostile_names_as_text(window: OpenWindow, server: ViewerServer, report: str, root: str) -> None:
    seen = await window(server.url if root == "server" else report)
    for path in ("run/traps", "run/traps/episodes", "run/traps/episodes?agent=%3Cu%3Eecho%3C/u%3E&text=%3Cb%3E+x"):
        await seen.go(f"{'' if root == 'server' else '#/'}{path}")
        assert "<u>echo</u>" in (await seen.page.text_content("main") or "")
        assert await seen.page.locator("main u, main i, main script").count() == 0
    await seen.go(f"{'' if root == 'server' else '#/'}run/traps/episodes?agent=%E2%80%AE%1B%3Cb%3E")
    assert not {"\x1b", "\u202e"} & set(await seen.page.inner_text("body"))
