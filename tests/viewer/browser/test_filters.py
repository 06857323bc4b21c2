"""Every filter: what the server finds, a report finds too, in the same order; the form and the address say the same."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from clemsim.viewer.server import ViewerServer
from tests.viewer.browser.conftest import OpenWindow
from tests.viewer.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUERIES = (
    "",
    "agent=random",
    "cast=baseline",
    "arena=taboo",
    "arena=taboo&experiment=high_en",
    "instance=high_en/1",
    "outcome=success",
    "outcome=failure&agent=baseline",
    "reason=guess",
    "reason=NOT+EVERY",
    "reason=%3D",
    "blame=-",
    "blame=guesser",
    "flag=cut",
    "flag=re-asked",
    "score=100",
    "score=1..99",
    "score=50..",
    "turns=..4&sort=turns",
    "min_turns=3&max_turns=9",
    "tokens=0..10",
    "seconds=..60&sort=seconds",
    "sort=-score",
    "sort=score",
    "sort=outcome",
    "sort=-reason",
    "sort=agent",
    "text=clue",
    "text=CLUE&in=said",
    "text=%22your+partner%22",
    "text=partn*&outcome=success",
    "text=clue&in=thoughts",
    "text=clue+nothinglikethis",
    "agent=nobody",
    "page=2",
    "agent=random&page=99",
)
ROWS = """() => [...document.querySelectorAll("table.list tbody tr")].map((row) => row.cells[0].innerText.trim())"""


async def shown(seen: Window) -> dict[str, object]:
    """Return what a list says: episodes, counts, the filter, and where its links lead."""
    page = seen.page
    links = await page.eval_on_selector_all("table.list tbody th a", "all => all.map((own) => own.getAttribute('href'))")
    return {
        "rows": await page.evaluate(ROWS),
        "told": [text.strip() for text in await page.locator("nav.pager span:not(.off)").all_inner_texts()],
        "chips": await page.locator("ul.chips li").all_inner_texts(),
        "choices": await page.locator("form.filters select:not([name=reason]) option").all_inner_texts(),
        "chosen": await page.eval_on_selector_all("form.filters [name]", "all => all.map((own) => [own.name, own.value])"),
        "heads": await page.locator("table.list thead th").all_inner_texts(),
        "links": [unquote(re.sub("^#?/", "", link)) for link in links],
        "none": await page.locator("main > p").all_inner_texts(),
    }


@pytest.mark.parametrize("query", QUERIES)
async def test_a_report_finds_what_the_server_finds(
    window: OpenWindow, server: ViewerServer, report: str, query: str
) -> None:
    served, reported = await window(server.url), await window(report)
    path = f"run/first/episodes{'?' if query else ''}{query}"
    await served.go(path)
    await reported.go(f"#/{path}")
    expected, found = await shown(served), await shown(reported)
    expected["chosen"], found["chosen"] = sorted(expected["chosen"]), sorted(found["chosen"])  # type: ignore[call-overload]
    assert found == expected


@pytest.mark.parametrize("root", ["server", "report"])
async def test_the_form_makes_the_address_and_conditions_are_removed(
    window: OpenWindow, server: ViewerServer, report: str, root: str
) -> None:
    seen = await window(server.url if root == "server" else report)
    await seen.go(f"{'' if root == 'server' else '#/'}run/first/episodes")
    page = seen.page
    await page.select_option("select[name=agent]", "random")
    await page.select_option("select[name=outcome]", "failure")
    await page.fill("input[name=text]", "clue")
    await page.press("input[name=text]", "Enter")
    await seen.holds(".chips", "random")
    assert {"agent=random", "outcome=failure", "text=clue"} <= set(page.url.split("?")[1].split("&"))
    assert await page.locator(".chips a.chip").count() == 3
    rows = await page.evaluate(ROWS)
    await page.click("a[aria-label^='Without Said']")
    await seen.lacks(".chips", "clue")
    assert "text=" not in page.url and len(await page.evaluate(ROWS)) >= len(rows)
    await page.go_back()
    await seen.holds(".chips", "clue")
    assert await page.evaluate(ROWS) == rows
    assert await page.input_value("input[name=text]") == "clue"


@pytest.mark.parametrize("query", ["text=clue", "text=%22your+partner%22", "text=partn*+GUESS", "text=nothinglikethis"])
async def test_what_was_searched_for_is_marked(window: OpenWindow, server: ViewerServer, report: str, query: str) -> None:
    served, reported = await window(server.url), await window(report)
    await served.go(f"run/first/episode/1?{query}")
    await reported.go(f"#/run/first/episode/1?{query}")
    marks = [await seen.page.locator("main mark").all_text_contents() for seen in (served, reported)]
    assert marks[0] == marks[1] and bool(marks[0]) == ("nothing" not in query)
    leads = [await seen.page.locator("main a:text('searched for')").all_inner_texts() for seen in (served, reported)]
    assert leads[0] == leads[1]
