"""`clemsim new`: a package that works from the start, under its own name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clemsim.catalog.new_package import make_package
from clemsim.errors import UsageError


@pytest.mark.parametrize("kind", ["arena", "agent"])
def test_nothing_of_the_template_s_name_is_left(kind: str, tmp_path: Path) -> None:
    files = make_package(kind, "up_down", tmp_path / "p")
    texts = [str(file) + (tmp_path / "p" / file).read_text(encoding="utf-8") for file in files]
    assert any("up_down" in text for text in texts) and any("class UpDown(" in text for text in texts)
    assert not [text for text in texts if "newgame" in text.lower() or "newagent" in text.lower()]
    assert not [file for file in files if "__pycache__" in file.parts]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Two words", "cannot be a package"),
        ("../up", "cannot be a package"),
        ("class", "cannot be a package"),
        ("taboo", "there is an arena taboo already"),
        ("json", "there is a Python module json already"),
        ("pytest", "there is a Python module pytest already"),
    ],
)
def test_names_that_cannot_be(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        make_package("arena", name, tmp_path / "p")
    assert not (tmp_path / "p").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["arena", "agent"])
def test_its_own_tests_and_types_are_green(kind: str, tmp_path: Path) -> None:
    make_package(kind, "up_down", tmp_path / "p")
    place = {**os.environ, "PYTHONPATH": str(tmp_path / "p")}
    for words in (["pytest", "-p", "no:cacheprovider"], ["mypy"]):
        ran = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path / "p", env=place, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
