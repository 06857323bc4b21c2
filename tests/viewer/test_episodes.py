"""The list of episodes: what the filter in the address lets through, and the ways on from there."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from clemsim.viewer.indexes import RunIndexes
from tests.viewer.conftest import Viewer

AT = "/run/first/episodes"


def rows(text: str) -> list[str]:
    """Return the labels of the episodes that a page lists."""
    return [re.sub(r"<[^>]+>", "", found) for found in re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', text)]


async def test_all_episodes_are_listed_and_lead_to_their_pages(viewer: Viewer) -> None:
    text = await viewer.page(AT)
    assert len(rows(text)) > 4 and '<a href="/run/first/episode/1"' in text and "of " in text
    assert '<option value="random">random (' in text and '<option value="taboo">taboo (' in text


async def test_a_filter_is_kept_in_every_address_and_can_be_removed(viewer: Viewer) -> None:
    text = await viewer.page(f"{AT}?agent=baseline&arena=taboo&sort=-turns")
    assert rows(text) and all(label.startswith("taboo/") for label in rows(text))
    assert re.search(r'href="/run/first/episode/\d+\?agent=baseline&amp;arena=taboo&amp;sort=-turns"', text)
    assert 'href="/run/first/episodes?arena=taboo&amp;sort=-turns" aria-label="Without Agent: baseline"' in text
    assert re.search(r'aria-sort="descending"><a class="sort" href="[^"]*sort=turns"', text)


async def test_words_that_were_said_are_searched_and_marked_in_the_episode(viewer: Viewer) -> None:
    await viewer.page(AT)
    text = await viewer.page(f"{AT}?text=secret")
    assert rows(text) and all(label.startswith("taboo/") for label in rows(text))
    address = unescape(re.findall(r'<th scope="row"><a href="([^"]+)"', text)[0])
    page = await viewer.page(address)
    assert "<mark>secret</mark>" in page and "To what was searched for" in page
    assert not rows(await viewer.page(f"{AT}?text=nowhere+at+all"))


async def test_flags_of_a_form_are_joined_and_a_wrong_filter_is_told(viewer: Viewer) -> None:
    text = await viewer.page(f"{AT}?flag=cut&flag=overflow&agent=")
    assert 'aria-label="Without What happened: cut,overflow"' in text and "No episode matches" in text
    text = await viewer.page(f"{AT}?outcome=victory")
    assert "there is none; choose from" in text and rows(text)


async def test_pages_follow_each_other(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clemsim.viewer.pages.episodes.PAGE", 3)
    first, second = [await viewer.page(f"{AT}?page={page}") for page in (1, 2)]
    assert rows(first) != rows(second) and 'rel="next"' in first and 'rel="prev"' not in first and 'rel="prev"' in second
    last = await viewer.page(f"{AT}?page=999")
    assert rows(last) and 'rel="next"' not in last


def test_indexes_beyond_the_last_few_are_closed_and_opened_again(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clemsim.viewer.indexes.MOST", 1)
    indexes = RunIndexes()
    first = indexes.of(played).index
    count = first.count()
    assert count and indexes.of(played).index is first
    with pytest.raises(Exception, match="is missing"):
        indexes.of(played / "none")
    assert indexes.of(played, wait=True).index.state().whole
    indexes.close()
    again = indexes.of(played)
    assert again.index is not first and again.complete and again.index.count() == count
    indexes.close()
