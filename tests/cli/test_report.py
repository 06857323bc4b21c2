"""`clemsim report` on the command line, and `clemsim export --format html`, which is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Clemsim


@pytest.fixture
def played(clemsim: Clemsim) -> Clemsim:
    """Play a run `r` of two episodes."""
    assert clemsim("run", "--arena", "wordle", "--agent", "random", "--instances", 1, "--out", "r").code == 0
    return clemsim


def test_a_report_lies_beside_its_run_and_is_never_overwritten(played: Clemsim, tmp_path: Path) -> None:
    first = played("report", "r", "--json")
    assert first.code == 0
    text = (tmp_path / "r.html").read_bytes()
    assert first.json == {"report": "r.html", "bytes": len(text), "episodes": first.json["episodes"]}
    again = played("report", "r")
    assert again.code == 2 and again.err == "clemsim: r.html already exists: choose another --out\n"
    assert (tmp_path / "r.html").read_bytes() == text


def test_the_export_to_html_is_a_report(played: Clemsim, tmp_path: Path) -> None:
    result = played("export", "r", "--format", "html", "--out", "mine.html")
    assert result.code == 0 and "open mine.html in a browser" in result.out
    assert (tmp_path / "mine.html").read_bytes().startswith(b"<!doctype html>")
    refused = played("export", "r", "--format", "html", "--block", 8)
    assert refused.code == 2 and "--block" in refused.err


def test_a_folder_where_one_is_named(played: Clemsim, tmp_path: Path) -> None:
    result = played("report", "r", "--out", "pages/")
    assert result.code == 0 and "open pages/index.html in a browser" in result.out
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {"index.html", "data"}


def test_what_is_no_run_is_told_in_one_line(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, told in (("nothing", "is no folder"), ("empty", "there is no run, study or stress test in")):
        result = clemsim("report", name, "--out", "x.html")
        assert result.code == 2 and told in result.err and result.err.count("\n") == 1
    assert not (tmp_path / "x.html").exists()
