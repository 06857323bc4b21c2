"""The page of a study, made of a study of small real models."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from clemsim._util.files import read_toml, write_toml
from clemsim.errors import UsageError
from clemsim.study import index
from clemsim.viewer.library import Library
from clemsim.viewer.links import Links
from clemsim.viewer.pages.study import study_page
from clemsim.viewer.site import Site
from tests.viewer.conftest import Viewer

STUDY = Path(__file__).parents[2] / "examples" / "study_small" / "results"


@pytest.fixture
def study(folder: Path) -> Path:
    """A study in the folder of the viewer, one of whose runs is missing."""
    place = folder / "small"
    shutil.copytree(STUDY, place)
    data = read_toml(place / index.INDEX)
    gone = data["member"].pop()
    data["missing"] = [{"run": gone["run"], "model": gone["model"], "why": "<b>no server</b>"}]
    write_toml(place / index.INDEX, data)
    return place


async def test_a_study_shows_ranks_games_and_what_is_missing(viewer: Viewer, study: Path) -> None:
    text = await viewer.page("/study/small")
    assert text.count("Leaderboard: ") >= 2 and "tier 1" in text and "four times in five" in text
    assert "&lt;b&gt;no server&lt;/b&gt;" in text and ">missing</span>" in text
    cells = re.findall(r'<td class="heat-(\d+)"[^>]*><a href="/run/[^"]+/episodes\?arena=\w+">([\d.]+)</a>', text)
    assert cells and all(int(shade) == round(float(value) / 10) for shade, value in cells)
    assert re.search(r'/compare\?a=small%3Amembers[^"]+&amp;b=small', text)
    assert 'href="/run/small:members:' in text and "billions of parameters" in text


async def test_the_address_says_what_is_shown(viewer: Viewer, study: Path) -> None:
    text = await viewer.page("/study/small?score=played&against=latency")
    assert "%Played by model and game" in text and "mean seconds a request" in text
    assert "worth by model and game" in await viewer.page("/study/small?score=nothing&against=nothing")


async def test_without_the_libraries_it_shows_what_it_can(
    viewer: Viewer, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise UsageError(f"{name} needs the extra `analysis`")

    monkeypatch.setattr("clemsim.viewer.pages.study.load", missing)
    text = unescape(await viewer.page("/study/small"))
    assert "Ranks are not shown" in text and "tier 1" not in text and "Leaderboard: paper" in text


def test_a_page_of_a_file_has_all_that_a_served_one_leads_to(study: Path) -> None:
    text = study_page(Site(Library([study.parent]), Links("#/"), inline=True), "small")
    assert all(f"{name} by model and game" in text for name in ("worth", "%Played", "Quality"))
    assert "mean seconds a request" in text and "billions of parameters" in text


def test_a_damaged_index_says_where(study: Path) -> None:
    (study / index.INDEX).write_text("[[member]]\nrun = 3\n")
    with pytest.raises(UsageError, match=r"is no index of a study: member\.0\.run"):
        index.read(study)
