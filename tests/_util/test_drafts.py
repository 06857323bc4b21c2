"""Drafts: each process has its own, a place is claimed once, and what lives is never removed."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clemsim._util import drafts, files
from clemsim.errors import StoreError, UsageError


def test_a_place_is_claimed_once(tmp_path: Path) -> None:
    with files.new_folder(tmp_path / "a") as first:
        with files.new_folder(tmp_path / "a") as second:
            (second.path / "f").write_text("second")
        with pytest.raises(UsageError) as caught, files.new_folder(tmp_path / "a") as third:
            (third.path / "f").write_text("third")
        (first.path / "f").write_text("first")
        with files.new_folder(tmp_path / "a", tmp_path / "b", tmp_path / "c") as fourth:
            (fourth.path / "f").write_text("fourth")
        assert fourth.place == tmp_path / "b"
        (tmp_path / "a" / "f").unlink()
        (tmp_path / "a").rmdir()
    assert str(caught.value) == f"{tmp_path / 'a'} already exists: choose another --out"
    assert (tmp_path / "a" / "f").read_text() == "first" and first.place == tmp_path / "a"
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_an_empty_folder_is_taken_also_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    with files.new_folder(tmp_path / "link") as draft:
        (draft.path / "f").write_text("")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "empty" / "f").exists()


def test_a_file_is_claimed_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="already exists"), files.new_file(tmp_path / "f") as first:
        with files.new_file(tmp_path / "f") as second:
            second.path.write_text("second")
        first.path.write_text("first")
    assert (tmp_path / "f").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.new_folder(tmp_path / "a") as draft:
        (draft.path / "f").write_text("")
        raise ZeroDivisionError
    with pytest.raises(StoreError, match="a cannot be written: "), files.new_folder(tmp_path / "a") as draft:
        (draft.path / "no" / "f").write_text("")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written: "), files.new_folder(tmp_path / "file" / "a"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


LEFT = """
import os, sys
from pathlib import Path
from clemsim._util import drafts
with drafts.drafting_folder([Path(sys.argv[1]) / "a"], "") as draft:
    drafts._new_file(Path(sys.argv[1]), 0o600)
    os._exit(0)
"""


def test_drafts_of_killed_processes_are_removed_and_those_of_others_are_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEFT, str(tmp_path)], check=True)
    left = drafts.left_drafts(tmp_path)
    assert {path.is_dir() for path in left} == {True, False}
    elsewhere = tmp_path / ".clemsim-anothermachine-1.new"
    elsewhere.mkdir()
    with files.new_folder(tmp_path / "a") as draft:
        drafts.remove_left_drafts(tmp_path)
        assert draft.path.is_dir() and drafts.left_drafts(tmp_path) == []
        assert not any(path.exists() for path in left) and elsewhere.exists()


def test_many_writers_of_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    contents = [str(number).encode() * 100_000 for number in range(8)]

    def write(content: bytes) -> None:
        for _ in range(10):
            files.write_bytes(tmp_path / "f", content)
            drafts.remove_left_drafts(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, contents))
    assert (tmp_path / "f").read_bytes() in contents
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_the_permissions_of_a_file_stay(tmp_path: Path) -> None:
    files.write_text(tmp_path / "f", "", mode=files.PRIVATE)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    (tmp_path / "f").chmod(0o640)
    files.write_text(tmp_path / "f", "new")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640
