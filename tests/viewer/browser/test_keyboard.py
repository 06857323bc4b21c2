"""Without a mouse: every link and field can be reached in order, and keys lead on."""

from __future__ import annotations

import pytest

from clemsim.viewer.server import ViewerServer
from tests.viewer.browser.conftest import OpenWindow
from tests.viewer.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOCUS = """() => { const e = document.activeElement, box = e.getBoundingClientRect();
  return [e.tagName, e.className, e.getAttribute("href") ?? e.getAttribute("name") ?? "", getComputedStyle(e).outlineStyle,
    box.width > 0 && box.height > 0]; }"""
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility({visibilityProperty: true})).length"""
PAGES = ("", "run/first", "run/first/episodes", "run/first/episode/1", "compare?a=first", "study/study", "stress/load")


async def opened(window: OpenWindow, server: ViewerServer, report: str, root: str, path: str) -> Window:
    seen = await window(server.url if root == "server" else report)
    await seen.go(path if root == "server" else f"#/{path}")
    return seen


@pytest.mark.parametrize("root", ["server", "report"])
@pytest.mark.parametrize("path", PAGES)
async def test_tab_reaches_everything_once_and_shows_where_it_is(
    window: OpenWindow, server: ViewerServer, report: str, root: str, path: str
) -> None:
    seen = await opened(window, server, report, root, path)
    count = await seen.page.evaluate(REACHABLE)
    met = []
    for _ in range(min(count, 120)):
        await seen.page.keyboard.press("Tab")
        tag, name, address, outline, visible = await seen.page.evaluate(FOCUS)
        assert tag != "BODY" and visible and outline != "none", (tag, name, address, outline)
        met.append((tag, name, address))
    assert met[0][1] == "skip" and count > 3


@pytest.mark.parametrize("root", ["server", "report"])
async def test_keys_lead_from_a_run_to_its_episodes_and_through_them(
    window: OpenWindow, server: ViewerServer, report: str, root: str
) -> None:
    seen = await opened(window, server, report, root, "run/first")
    press = seen.page.keyboard.press
    await press("e")
    await seen.titled("Episodes")
    await press("/")
    assert await seen.page.evaluate("document.activeElement.name") == "text"
    await seen.page.keyboard.type("clue n*")
    await press("Enter")
    await seen.holds(".chips", "clue n*")
    assert await seen.page.evaluate("document.activeElement.closest('table') === null")
    await seen.page.focus("table.list tbody tr:nth-child(2) th a")
    first = await seen.page.inner_text("table.list tbody tr:nth-child(1) th a")
    second = await seen.page.inner_text("table.list tbody tr:nth-child(2) th a")
    third = await seen.page.inner_text("table.list tbody tr:nth-child(3) th a")
    await press("Enter")
    await seen.titled(second)
    await press("]")
    await seen.titled(third)
    assert "text=clue+n" in seen.page.url
    await press("[")
    await seen.titled(second)
    await press("k")
    await seen.titled(first)
    await press("j")
    await seen.titled(second)
    await press("u")
    await seen.titled("Episodes")
    assert "text=clue+n" in seen.page.url and await seen.page.input_value("input[name=text]") == "clue n*"
