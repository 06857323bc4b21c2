"""A report in a browser, opened from disk: every address works, also in a folder of files, and nothing is fetched."""

from __future__ import annotations

import pytest

from tests.viewer.browser.conftest import OpenWindow

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("form", ["file", "folder"])
async def test_links_lead_from_page_to_page_and_back(window: OpenWindow, report: str, spread_report: str, form: str) -> None:
    seen = await window(report if form == "file" else spread_report)
    await seen.go("")
    assert await seen.heading() == "Runs" and await seen.page.title() == "Runs · clemsim"
    await seen.page.click("main a[href='#/run/first']")
    await seen.titled("first")
    assert await seen.heading() == "first"
    assert await seen.page.evaluate("document.activeElement.id") == "main"
    await seen.page.click(".crumbs a")
    await seen.titled("Runs")
    await seen.page.go_back()
    await seen.titled("first")
    await seen.page.reload()
    await seen.settle()
    assert await seen.heading() == "first"


async def test_a_report_of_one_run_opens_at_the_run(window: OpenWindow, run_report: str) -> None:
    seen = await window(run_report)
    await seen.go("")
    assert await seen.heading() == "first" and seen.page.url.endswith("#/run/first")


async def test_a_part_that_is_missing_is_told(window: OpenWindow, broken_report: str) -> None:
    seen = await window(broken_report)
    await seen.go("")
    assert await seen.heading() == "This cannot be read"
    assert "is missing" in await seen.page.inner_text("main")
    seen.complaints = [own for own in seen.complaints if "ERR_FILE_NOT_FOUND" not in own]


async def test_places_within_a_page_keep_its_address(window: OpenWindow, report: str) -> None:
    seen = await window(report)
    await seen.go("#/run/first")
    await seen.page.keyboard.press("Tab")
    assert await seen.page.evaluate("document.activeElement.className") == "skip"
    await seen.page.keyboard.press("Enter")
    assert await seen.page.evaluate("document.activeElement.id") == "main"
    assert seen.page.url.endswith("#/run/first")


async def test_the_theme_is_chosen_by_a_button_and_kept(window: OpenWindow, report: str) -> None:
    seen = await window(report)
    await seen.go("#/run/first")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = await seen.page.evaluate(paper)
    await seen.page.click("#theme")
    await seen.page.click("#theme")
    assert await seen.page.get_attribute("#theme", "aria-label") == "Theme: dark"
    dark = await seen.page.evaluate(paper)
    await seen.page.reload()
    await seen.settle()
    assert await seen.page.evaluate(paper) == dark != light
