"""`clemsim new`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Clemsim


def test_a_folder_that_is_there_stays(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "up_down").mkdir()
    (tmp_path / "up_down" / "mine.txt").write_text("mine")
    said = clemsim("new", "arena", "up_down")
    assert said.code == 2 and "up_down already exists: choose another folder with --out" in said.err
    assert [path.name for path in (tmp_path / "up_down").iterdir()] == ["mine.txt"]


def test_the_new_game_plays_by_its_file(clemsim: Clemsim, tmp_path: Path) -> None:
    assert clemsim("new", "arena", "up_down", "--json").json["folder"] == "up_down"
    said = clemsim("run", "--arena", "up_down/up_down/game.py:UpDown", "--agent", "random", "--out", "r", "--json")
    assert said.code == 0 and said.json["agents"]["random"]["episodes"] == 20
