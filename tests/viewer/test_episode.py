"""The page of an episode: the dialogue with what became of each reply, what a seat saw, pictures, and hostile texts."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import TestClient, TestServer

import clemsim
from clemsim import Agent, AgentOptions, Message, View
from clemsim.viewer.access import Access
from clemsim.viewer.application import application
from clemsim.viewer.library import Library
from clemsim.viewer.links import Links
from clemsim.viewer.pages.episode import episode_page
from clemsim.viewer.site import Site
from tests import pictures
from tests.viewer.browser import hostile
from tests.viewer.conftest import Viewer


class Say(Agent):
    """Says the same to everything."""

    def __init__(self, arg: str, options: AgentOptions) -> None:
        self.name = "say"

    async def reply(self, view: View) -> Message:
        """Say it."""
        return Message(view.seat, "SAY: one")


HOSTILE = Path(hostile.__file__)


async def test_a_dialogue_stands_in_lanes_with_a_place_for_each_turn(viewer: Viewer) -> None:
    text = await viewer.page("/run/first/episode/1")
    assert "lanes-2" in text and 'id="turn-1"' in text and '<a href="#turn-1">Turn 1</a>' in text
    assert "✓ Read as" in text and "What describer saw" in text and "<summary>Instance</summary>" in text
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script>", text)


async def test_what_a_seat_saw_is_nothing_else(viewer: Viewer) -> None:
    whole, saw = [await viewer.page(f"/run/first/episode/1{query}") for query in ("", "?saw=guesser")]
    secret = "Secret word"
    assert secret in whole and secret not in saw and "What guesser saw" in saw and 'aria-current="page">What guesser' in saw
    assert "What its model was sent" not in await viewer.page("/run/first/episode/1?saw=nobody")


async def test_the_way_on_is_within_the_filter(viewer: Viewer) -> None:
    text = await viewer.page("/run/first/episode/1?arena=taboo&agent=baseline")
    found = [int(number) for number in re.findall(r'/episode/(\d+)\?agent=baseline&amp;arena=taboo" rel=', text)]
    listed = await viewer.page("/run/first/episodes?arena=taboo&agent=baseline")
    assert found and set(found) <= {int(number) for number in re.findall(r"/episode/(\d+)\?", listed)}
    assert "match the filter" in text


async def test_only_who_may_act_finds_forms_at_the_turns(viewer: Viewer) -> None:
    assert "/act/branch" not in await viewer.page("/run/first/episode/1")
    await viewer.sign_in()
    assert "/run/first/act/branch" in await viewer.page("/run/first/episode/1")


@pytest.mark.parametrize("path", ["episode/0", "episode/99999", "episode/x", "image/none", "image/..%2frun.db"])
async def test_what_is_not_there(viewer: Viewer, path: str) -> None:
    assert "All runs" in await viewer.page(f"/run/first/{path}", 404)


def test_a_page_in_a_file_has_no_forms_and_other_addresses(folder: Path) -> None:
    site = Site(Library([folder]), Links("#/"), inline=True, may_act=True)
    text = episode_page(site, "first", 1, {})
    site.indexes.close()
    assert "<form" not in text and 'href="#/run/first/episodes"' in text and '="/' not in text


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which every text tries to be something else than text."""
    folder = tmp_path_factory.mktemp("hostile") / "traps"
    asyncio.run(clemsim.run(arenas=[f"{HOSTILE}:Traps"], agents=[f"{HOSTILE}:Echo"], out=folder))
    return folder


async def test_hostile_texts_stay_texts_on_every_page(traps: Path) -> None:
    hosts = set[str]()
    async with TestClient(TestServer(application(Site(Library([traps.parent])), Access(), hosts))) as client:
        viewer = Viewer(client, Access(), hosts)
        listed = await viewer.page("/run/traps/episodes")
        pages = [listed, await viewer.page("/run/traps"), await viewer.page("/")]
        for number in range(1, 10):
            pages += [await viewer.page(f"/run/traps/episode/{number}{query}") for query in ("", "?saw=two", "?text=script")]
        for text in pages:
            assert "<script>" not in text and '<img src="http' not in text and "<u>echo" not in text
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b]", text)
        async with client.get("/run/traps/episode/10") as response:
            text = await response.text()
        assert "more characters</summary>" in text and "x" * 3001 not in text.split("<details")[0]
        assert response.headers[hdrs.CACHE_CONTROL] == "no-store"


@pytest.fixture(scope="module")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a game that shows pictures."""
    folder = tmp_path_factory.mktemp("pictures") / "shades"
    asyncio.run(clemsim.run(arenas=[f"{pictures.__file__}:Shades"], agents=[f"{__file__}:Say"], out=folder))
    return folder


async def test_a_picture_is_served_as_what_it_is_and_none_that_is_none(shades: Path) -> None:
    hosts = set[str]()
    async with TestClient(TestServer(application(Site(Library([shades.parent])), Access(), hosts))) as client:
        viewer = Viewer(client, Access(), hosts)
        page = await viewer.page("/run/shades/episode/1")
        addresses = re.findall(r'<img src="(/run/shades/image/\w+)" width="30" height="20" alt="([^"]*)"', page)
        assert len(addresses) == 4 and addresses[1][1] == "&lt;b&gt;" and "asked at once with 1 more" in page
        async with client.get(addresses[0][0]) as response:
            assert response.content_type == "image/png" and await response.read() == pictures.png(grey=1)
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        with sqlite3.connect(shades / "run.db") as base:
            script = b"<svg onload='alert(1)'/>"
            digest = sha256(script).hexdigest()
            base.execute("INSERT INTO images VALUES (?, 'image/svg+xml', ?)", (digest, script))
        base.close()
        await viewer.page(f"/run/shades/image/{digest}", 404)
    site = Site(Library([shades.parent]), Links("#/"), inline=True)
    assert 'src="data:image/png;base64,' in episode_page(site, "shades", 1, {})
    site.indexes.close()
