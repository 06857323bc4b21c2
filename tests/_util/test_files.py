"""Files: one message for each thing that goes wrong, and no half-written file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clemsim._util import files
from clemsim.errors import StoreError, UsageError

READERS: list[Callable[[Path, files.FileError], Any]] = [files.read_bytes, files.read_text, files.read_json, files.read_toml]


@pytest.mark.parametrize("error", [UsageError, StoreError])
@pytest.mark.parametrize("read", READERS)
def test_a_missing_file_is_named(tmp_path: Path, read: Callable[..., Any], error: files.FileError) -> None:
    with pytest.raises(error) as caught:
        read(tmp_path / "none", error)
    assert str(caught.value) == f"{tmp_path / 'none'} cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("read", "content", "expected"),
    [
        (files.read_text, b"\xff", "cannot be read: it is not UTF-8 text"),
        (files.read_json, b"{", "is not JSON: "),
        (files.read_json, b"\xff", "is not JSON: "),
        (files.read_toml, b"[[a", "is not TOML: "),
        (files.read_toml, b"\xff", "cannot be read: it is not UTF-8 text"),
    ],
)
def test_other_content_is_named(tmp_path: Path, read: Callable[[Path], Any], content: bytes, expected: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "f")
    assert str(caught.value).startswith(f"{tmp_path / 'f'} {expected}")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    data = {"name": "é", "numbers": [1, 2]}
    files.write_json(tmp_path / "new" / "a.json", data)
    files.write_toml(tmp_path / "new" / "a.toml", data)
    assert files.read_json(tmp_path / "new" / "a.json") == files.read_toml(tmp_path / "new" / "a.toml") == data
    files.write_files(tmp_path / "new", {"b.txt": "é", "deep/c.bin": b"\xff"})
    assert files.read_text(tmp_path / "new" / "b.txt") == "é"
    assert files.read_bytes(tmp_path / "new" / "deep" / "c.bin") == b"\xff"
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"a.json", "a.toml", "b.txt", "deep"}


def test_a_file_that_cannot_be_written_is_named_and_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    with pytest.raises(StoreError) as caught:
        files.write_text(tmp_path / "f" / "g", "new")
    assert str(caught.value).startswith(f"{tmp_path / 'f' / 'g'} cannot be written: ")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written: Is a directory"):
        files.write_text(tmp_path / "folder", "new", UsageError)
    assert (tmp_path / "f").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"f", "folder"}


def test_only_a_free_place_is_new(tmp_path: Path) -> None:
    files.check_new(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    files.check_new(tmp_path / "empty")
    (tmp_path / "file").write_text("")
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError) as caught:
            files.check_new(taken)
        assert str(caught.value) == f"{taken} already exists: choose another --out"
    with pytest.raises(UsageError, match="already exists and is no study: leave it out"):
        files.check_new(tmp_path, "and is no study", "leave it out")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("llama-3.1", "llama-3.1"), ("org/model: 7b", "org_model_7b"), ("..", "_"), ("", "_"), ("../x", "_x"), ("ü", "ü")],
)
def test_a_safe_name_is_one_part_of_a_path(text: str, expected: str) -> None:
    assert files.safe_name(text) == expected


def test_a_safe_name_with_other_characters() -> None:
    assert files.safe_name("a (b)/ü", "-", "A-Za-z0-9._-") == "a-b-"


def test_names_that_collide_get_a_digest_of_their_own() -> None:
    names = files.safe_names(["a b", "a/b", "a_b", "A_b", "other", "x" * 300, "../..", "..", "other"])
    assert names["a_b"] == "a_b" and names["other"] == "other"
    assert len({name.casefold() for name in names.values()}) == len(names)
    assert names["a b"].startswith("a_b-") and len(names["x" * 300]) < 100
    assert names["a b"] == files.safe_names(["a/b", "a b"])["a b"], "stable"
    assert not any(set(name) <= {"."} or "/" in name for name in names.values())
