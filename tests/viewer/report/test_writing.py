"""Reports as files: what they hold, where they go, and when they become a folder."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from clemsim.errors import UsageError
from clemsim.viewer.report.writing import write_report

EPISODES = 10  # of the run that is played for these tests
PART = re.compile(r'<script type="application/octet-stream" id="part-(\d+)">([A-Za-z0-9+/=]+)</script>')
PART_FILE = re.compile(r'clemsimPart\("(\d+)","([A-Za-z0-9+/=]+)"\);\n')


def unpacked(packed: str) -> Any:
    return json.loads(zlib.decompress(b64decode(packed)))


def parts_of(page: str) -> dict[str, Any]:
    return {number: unpacked(packed) for number, packed in PART.findall(page)}


def test_a_report_is_one_file_that_needs_nothing_else(played: Path, tmp_path: Path) -> None:
    written = write_report([played], tmp_path / "report.html")
    page = written.page.read_text()
    assert written.episodes == EPISODES and written.size == len(page.encode())
    assert not re.search(r'\s(src|href)="(?!data:|#)', page) and "unsafe" not in page and "'self'" not in page
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy and policy[1].startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    parts = parts_of(page)
    index = parts[re.findall(r'<body data-index="(\d+)"', page)[0]]
    assert index["start"] == "#/run/first" and [run["slug"] for run in index["runs"]] == ["first"]
    shown = parts[str(index["pages"]["run/first"])]["page"]
    assert "<title>first</title>" in shown and 'href="#/run/first/episodes' in shown and str(played.parent) not in page


def test_what_is_too_large_for_one_file_is_a_folder_beside_it(played: Path, tmp_path: Path) -> None:
    asked = tmp_path / "report.html"
    (tmp_path / "report-report").mkdir()
    (tmp_path / "report-report" / "mine.txt").write_text("kept")
    written = write_report([played], asked, limit=1000)
    assert written.page == tmp_path / "report-report-2" / "index.html" and written.asked_for == asked
    assert not asked.exists()
    page = written.page.read_text()
    assert not PART.findall(page) and "&#39;self&#39;" in page
    texts = [file.read_text() for file in (written.page.parent / "data").iterdir()]
    parts = {number: unpacked(packed) for text in texts for number, packed in PART_FILE.findall(text)}
    assert parts == parts_of(write_report([played], tmp_path / "whole.html").page.read_text())


def test_a_folder_may_be_asked_for(played: Path, tmp_path: Path) -> None:
    written = write_report([played], tmp_path / "made" / "report")
    assert written.page == tmp_path / "made" / "report" / "index.html" and written.asked_for is None


@pytest.mark.parametrize("name", ["report.html", "folder"])
def test_nothing_is_overwritten(played: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    if place.suffix:
        place.write_text("kept")
    else:
        (place / "inner").mkdir(parents=True)
    with pytest.raises(UsageError, match="already exists: choose another --out"):
        write_report([played], place)
    assert not place.suffix or place.read_text() == "kept"


def test_a_folder_without_anything_to_show(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run, study or stress test in"):
        write_report([tmp_path], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_progress_counts_all_episodes(played: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_report([played], tmp_path / "report.html", on_progress=lambda done, all_: told.append((done, all_)))
    assert told and told[-1] == (EPISODES, EPISODES) and told == sorted(told)
