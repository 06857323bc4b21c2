"""Suites: what they take of an arena, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.errors import UsageError


@pytest.mark.parametrize("name", suites.available())
def test_every_suite_can_be_played(name: str) -> None:
    suite = suites.load_suite(name)
    for arena in suite.arenas:
        assert suite.instances(find_arena(arena)())


def test_at_most_so_many_instances_of_each_experiment() -> None:
    found = suites.load_suite("paper").instances(find_arena("taboo")(), 2)
    assert [each.label for each in found] == [f"{band}_en/{n}" for band in ("high", "medium", "low") for n in (0, 1)]


def test_a_folder_with_files_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text("[arenas.taboo]\n")
    (tmp_path / "taboo" / "prompts").mkdir(parents=True)
    (tmp_path / "taboo" / "instances.jsonl").write_text('{"experiment": "mine", "id": 3, "target": "x", "related": []}\n')
    (tmp_path / "taboo" / "prompts" / "guesser.txt").write_text("Guess in $rounds!")
    suite = suites.load_suite(str(tmp_path))
    arena = find_arena("taboo")(suite.folder_of("taboo"))
    assert [each.label for each in suite.instances(arena)] == ["mine/3"]
    assert arena.prompt("guesser", rounds=3) == "Guess in 3!"
    assert "Secret word: x" in arena.prompt("describer", target="x", related="", rounds=3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arenas = 3", "arenas: Input should be a valid"),
        ("[arenas.taboo]\nwrong = 1", "arenas.taboo.wrong: Extra inputs"),
        ("name =", "Invalid value"),
        ("seed = 1", "arenas: Field required"),
    ],
)
def test_a_broken_suite(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "suite.toml").write_text(text)
    with pytest.raises(UsageError, match=expected):
        suites.load_suite(str(tmp_path))


def test_an_experiment_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("[arenas.taboo.experiments]\nlow_de = 3\n")
    suite = suites.load_suite(str(tmp_path / "s.toml"))
    with pytest.raises(UsageError, match="taboo has no experiment low_de"):
        suite.instances(find_arena("taboo")())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"experiment": "x", "id": 1, "related": []}', "target"),
        ('{"experiment": "x", "id": 1, "target": 5, "related": []}', "target"),
        ('{"experiment": ', "instances.jsonl, line 1"),
    ],
)
def test_a_broken_instance_names_its_field(tmp_path: Path, line: str, expected: str) -> None:
    (tmp_path / "instances.jsonl").write_text(line)
    with pytest.raises(Exception, match=expected):
        find_arena("taboo")(tmp_path).instances()


def test_instances_of_its_own_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text("[arenas.taboo]\n")
    (tmp_path / "taboo").mkdir()
    (tmp_path / "taboo" / "instances.jsonl").symlink_to(tmp_path / "gone.jsonl")
    suite = suites.load_suite(str(tmp_path))
    with pytest.raises(UsageError, match=r"instances.jsonl leads to no file"):
        suite.instances(find_arena("taboo")(suite.folder_of("taboo")))
