"""A window of a real browser that notes everything that a page of clemsim must not do."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

LeftPage: type[Exception] = Exception  # what is raised for a page that gives way to the next one while it is looked at
with suppress(ImportError):  # without it no test comes so far
    from playwright.async_api import Error

    LeftPage = Error

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

NARROW, WIDE = 400, 1600  # pixels
HEIGHT = 900
PATIENCE, STEP = 200, 0.05  # looks, and seconds between two
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN_AXE = """async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]}))
  .violations.map(({id, help, nodes}) =>
    `${id}: ${help}: ` + nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
SIDEWAYS = """() => {
  const root = document.documentElement, wide = root.clientWidth;
  if (root.scrollWidth <= wide) return [];
  const clipped = (e) => { for (let p = e.parentElement; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== "visible") return true; return false; };
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > wide + 1 && !clipped(e))
    .map((e) => [e.tagName, e.className, e.getBoundingClientRect().right, e.textContent.trim().slice(0, 40)].join(" "));
}"""


def chromium() -> str | None:
    """Return the path of the browser: CLEMSIM_TEST_CHROMIUM, or the first that is installed."""
    named = os.environ.get("CLEMSIM_TEST_CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def axe() -> str:
    """Return the script of axe-core, which CLEMSIM_TEST_AXE names, or its folder. Skip without it."""
    place = os.environ.get("CLEMSIM_TEST_AXE")
    if not place:
        pytest.skip("CLEMSIM_TEST_AXE does not say where axe-core lies: see CONTRIBUTING.md")
    script = Path(place)
    return (script / "axe.min.js" if script.is_dir() else script).read_text()


class Window:
    """A window. `complaints`: console messages, errors of scripts, and requests to other hosts than `host`, so far."""

    def __init__(self, context: BrowserContext, page: Page, root: str) -> None:
        """`root`: what the addresses of all pages begin with."""
        self.context = context
        self.page = page
        self.root = root
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", lambda request: self._look(request.url))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))

    async def go(self, path: str, status: int = 200) -> None:
        """Open a page below the root and wait until it is there; of a report, until its content is."""
        answer = await self.page.goto(self.root + path)
        assert answer is None or answer.status in (status, 0), (path, answer.status)
        await self.settle()
        if status != 200:  # the browser itself says so in the console
            self.complaints = [own for own in self.complaints if f"status of {status}" not in own]

    async def settle(self) -> None:
        """Wait until the page shows what its address says: a report says in `aria-busy` that it does not yet."""
        await self.page.wait_for_selector("main:not([aria-busy=true])")
        await self.page.wait_for_load_state()

    async def titled(self, title: str) -> None:
        """Wait until the page has this title."""
        for _ in range(PATIENCE):
            if await self._title() == f"{title} · clemsim":
                return await self.settle()
            await asyncio.sleep(STEP)
        raise AssertionError(f"the page is {await self.page.title()!r}, not {title!r}")

    async def _title(self) -> str:
        try:
            return str(await self.page.title())
        except LeftPage:
            return ""

    async def holds(self, selector: str, text: str) -> None:
        """Wait until what is selected has this text in it."""
        for _ in range(PATIENCE):
            if text in await self._texts(selector):
                return await self.settle()
            await asyncio.sleep(STEP)
        raise AssertionError(f"{selector} never had {text!r} in it")

    async def lacks(self, selector: str, text: str) -> None:
        """Wait until nothing that is selected has this text in it."""
        for _ in range(PATIENCE):
            if text not in await self._texts(selector, text):
                return await self.settle()
            await asyncio.sleep(STEP)
        raise AssertionError(f"{selector} still has {text!r} in it")

    async def _texts(self, selector: str, otherwise: str = "") -> str:
        """Return the texts of what is selected; `otherwise` in the instant in which a page gives way to the next one."""
        try:
            return " ".join(await self.page.locator(selector).all_inner_texts())
        except LeftPage:
            return otherwise

    async def heading(self) -> str:
        """Return the text of the page's first heading."""
        return str(await self.page.inner_text("h1"))

    async def violations(self, script: str) -> list[str]:
        """Return what axe-core finds wrong with the page."""
        await self.page.evaluate(script)
        found: list[str] = await self.page.evaluate(RUN_AXE, list(RULES))
        return found

    async def sideways(self) -> list[str]:
        """Return what makes the page wider than the window."""
        found: list[str] = await self.page.evaluate(SIDEWAYS)
        return found

    def _look(self, address: str) -> None:
        if not address.startswith((self.root.rpartition("/")[0], "data:", "about:")):
            self.complaints.append(f"request: {address}")

    def _failed(self, address: str, why: Any) -> None:
        if not address.endswith("/changes"):  # an event stream, which the next page closes
            self.complaints.append(f"failed: {address} ({why})")
