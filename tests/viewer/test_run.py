"""The page of a run, and the list of runs that leads to it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from html import unescape
from pathlib import Path

import pytest

from clemsim._util.files import read_toml
from clemsim.results.run_summary import summarize_run
from clemsim.viewer.pages import summaries
from tests.viewer.conftest import Viewer

STUDY = Path(__file__).parents[2] / "examples" / "study_small" / "results"


async def test_each_ending_leads_to_its_episodes(viewer: Viewer) -> None:
    text = await viewer.page("/run/first")
    rows = re.findall(r'<tr><td class="number"><a href="([^"]+)">(\d+)</a></td><th scope="row" class="reason">', text)
    assert rows and "Why episodes ended as they did" in text
    for address, count in rows:
        listed = await viewer.page(unescape(address))
        assert re.search(rf"<span>1–{count} of {count} that match", listed), address


async def test_a_large_run_that_is_played_gets_its_scores_from_another_process(
    viewer: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = summarize_run(folder / "first").agents["baseline"].clemscore
    (folder / "first" / "summary.json").unlink()
    monkeypatch.setattr(summaries, "LARGE", 1)
    monkeypatch.setattr("clemsim.viewer.large_runs.PATIENCE", 60)
    text = await viewer.page("/run/first")
    assert "being computed" not in text and f"{expected:.2f}" in text


async def test_runs_of_a_study_stand_behind_it_and_are_found_by_a_search(viewer: Viewer, folder: Path) -> None:
    shutil.copytree(STUDY, folder / "small")
    member = read_toml(STUDY / "index.toml")["member"][0]["run"]
    name = Path(member).name
    text = await viewer.page("/")
    assert f">{name}<" not in text.replace("<wbr>", "") and '<a href="/study/small">' in text and "1 run;" in text
    text = await viewer.page(f"/?q={name}")
    addresses = re.findall(r'<th scope="row" class="name">.*?<a href="([^"]+)"', text)
    assert addresses and all(address.startswith("/run/small:") for address in addresses)
    assert '<a href="/study/small">small</a>' in await viewer.page(addresses[0])


async def test_a_head_sorts_the_list_and_says_how(viewer: Viewer, folder: Path) -> None:
    shutil.copytree(folder / "first", folder / "another")
    up, down = [await viewer.page(f"/?sort={way}name") for way in ("", "-")]
    assert up.index('"/run/another"') < up.index('"/run/first"') and down.index('"/run/first"') < down.index(
        '"/run/another"'
    )
    assert 'aria-sort="ascending"><a class="sort" href="/?sort=-name">' in up


async def test_what_a_live_page_replaces_is_there_from_the_beginning(viewer: Viewer, folder: Path) -> None:
    with sqlite3.connect(folder / "first" / "run.db") as base:
        base.execute("UPDATE episodes SET status = 'waiting', outcome = NULL, checksum = NULL")
    base.close()
    (folder / "first" / "summary.json").unlink()
    text = await viewer.page("/run/first")
    assert "No episode has ended yet" in text
    assert re.findall(r'<section id="(\w+)" data-live>', text) == ["scores", "endings", "table", "played"]
