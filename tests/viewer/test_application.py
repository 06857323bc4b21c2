"""The pages as a browser gets them, and who gets none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import hdrs

from clemsim.errors import UsageError
from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.viewer.library import Library
from tests.viewer.conftest import Viewer


async def test_the_first_page_lists_runs_and_leads_to_them(viewer: Viewer) -> None:
    text = await viewer.page("/")
    assert 'href="/run/first"' in text and "baseline" in text and "1 run;" in text
    assert "No run has all of these words" in await viewer.page("/?q=nothing+like+this")
    assert 'href="/run/first"' in await viewer.page("/?q=BASELINE+quick&sort=score")


async def test_a_run_shows_its_scores_and_how_it_was_configured(viewer: Viewer) -> None:
    text = await viewer.page("/run/first")
    assert "clemscore" in text and "privateshared" in text and "max_tokens" in text
    assert re.search(r'<a href="/run/first/episodes\?agent=random&amp;arena=taboo&amp;outcome=\w+">', text)


@pytest.mark.parametrize(
    "path", ["/run/nothing", "/run/..%2f..%2fetc", "/assets/..%2fframe.py", "/assets/none.css", "/none"]
)
async def test_what_is_not_there_says_so(viewer: Viewer, path: str) -> None:
    assert "All runs" in await viewer.page(path, 404)


async def test_pages_load_nothing_from_elsewhere_and_cannot_be_framed(viewer: Viewer) -> None:
    async with viewer.client.get("/") as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        text = await response.text()
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script>", text)


async def test_another_name_for_this_machine_is_not_answered(viewer: Viewer) -> None:
    async with viewer.client.get("/", headers={hdrs.HOST: "attacker.example"}) as response:
        assert response.status == 421
        assert "first" not in await response.text()


async def test_assets_are_kept_as_their_addresses_change(viewer: Viewer) -> None:
    text = await viewer.page("/")
    (address,) = re.findall(r'href="(/assets/style\.css\?\w+)"', text)
    async with viewer.client.get(address) as response:
        assert "immutable" in response.headers[hdrs.CACHE_CONTROL] and response.content_type == "text/css"


def test_text_from_outside_is_made_safe_wherever_it_is_printed() -> None:
    page = render(
        "message.html", frame=Frame("a<b"), text="<script>alert(1)</script>\x1b[31m\u202egnp", back="", back_text=""
    )
    assert "<script>alert" not in page and "\x1b" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in page and "\\x1b[31m" in page and "a&lt;b" in page


def test_a_page_that_is_a_file_allows_its_own_script_alone() -> None:
    page = render("message.html", frame=Frame("one file", inline=True), text="", back="", back_text="")
    assert "script-src &#39;sha256-" in page and '<link rel="stylesheet"' not in page and "unsafe" not in page


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder: name one with runs"):
        Library([tmp_path / "nothing"])
