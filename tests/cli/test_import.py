"""`clemsim import clembench`: both layouts, with their scores; files that nobody can trust."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Clemsim

RECORDED = Path(__file__).parents[3] / "shared" / "recorded"
EPISODE = Path("results/baseline-t0.0/taboo/high_en/instance_00000")


@pytest.fixture
def exported(clemsim: Clemsim) -> Clemsim:
    """The folder `results`, made by a run `r`."""
    clemsim("run", "--agent", "baseline", "--agent", "random", "--out", "r")
    clemsim("export", "r", "--format", "clembench", "--out", "results")
    return clemsim


def by_arena(summary: Any) -> dict[str, Any]:
    return {name.removesuffix("-t0.0"): agent["arenas"] for name, agent in summary["agents"].items()}


def test_an_export_comes_back_with_the_same_scores(exported: Clemsim) -> None:
    said = exported("import", "clembench", "results", "--out", "back", "--json")
    assert said.code == 0
    for each in said.json["arenas"].values():
        assert each["episodes"] == each["driven"] == each["agree"] > 0 and each["notes"] == []
    assert by_arena(exported("show", "back", "--json").json) == by_arena(exported("show", "r", "--json").json)
    shown = exported("show", "back", "taboo/high_en/0").out
    assert "describer is asked" in shown and "CLUE: " in shown
    printed = exported("import", "clembench", "results", "--out", "again").out
    assert "taboo: 12 episodes; 12 driven again, of which 12 agree" in printed


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded results (../shared/recorded) are not here")
def test_real_results_of_the_old_layout_agree(clemsim: Clemsim) -> None:
    golden = RECORDED.parent / "golden" / "clembench-v1.6"
    clemsim("suite", "import-clembench", golden, "--out", "S")
    found = clemsim("import", "clembench", RECORDED, "--out", "r", "--suite", "S", "--json").json["arenas"]
    assert set(found) == {
        "taboo",
        "wordle",
        "wordle_withclue",
        "wordle_withcritic",
        "imagegame",
        "referencegame",
        "privateshared",
    }
    assert [(each["driven"], each["agree"], each["notes"]) for each in found.values()] == [
        (each["episodes"], each["episodes"], []) for each in found.values()
    ]


@pytest.mark.parametrize("command", ["resume", "score", "replay"])
def test_an_imported_run_is_to_be_read(exported: Clemsim, command: str) -> None:
    exported("import", "clembench", "results", "--out", "back")
    said = exported(command, "back")
    assert said.code == 2 and "this run was imported from results" in said.err and len(said.err.splitlines()) == 1


def test_without_an_instance_the_log_is_kept(exported: Clemsim) -> None:
    (EPISODE / "instance.json").unlink()
    found = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert (found["episodes"], found["driven"]) == (12, 11)
    assert "CLUE: " in exported("show", "back", "taboo/high_en/0").out


def test_what_does_not_agree_is_named(exported: Clemsim) -> None:
    path = EPISODE / "scores.json"
    path.write_text(path.read_text().replace('"Main Score": 100.0', '"Main Score": 50.0'))
    found = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert (found["driven"], found["agree"]) == (12, 11)
    assert "recorded success 50.0, driven again" in found["notes"][0]


def change(name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads((EPISODE / name).read_text())
    edit(data)
    (EPISODE / name).write_text(json.dumps(data))


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "cut off": (lambda: (EPISODE / "scores.json").write_text('{"episode scores": {'), "scores.json is not JSON"),
    "no object": (lambda: (EPISODE / "interactions.json").write_text("[]"), "interactions.json: an object is expected"),
    "no log": (lambda: (EPISODE / "interactions.json").unlink(), "interactions.json cannot be read: No such file"),
    "no meta": (lambda: change("interactions.json", lambda data: data.pop("meta")), "field 'meta' is missing"),
    "no turns": (lambda: change("interactions.json", lambda data: data.pop("turns")), "field 'turns' is missing"),
    "no scores": (
        lambda: change("scores.json", lambda data: data.pop("episode scores")),
        "field 'episode scores' is missing",
    ),
    "no end": (
        lambda: change("scores.json", lambda data: data["episode scores"].update(Success=0)),
        "scores.json: none of Aborted, Success, Lose is 1",
    ),
    "an odd number": (
        lambda: change("interactions.json", lambda data: data["meta"].update(game_id="../../etc")),
        "invalid literal for int()",
    ),
    "too deep": (lambda: (EPISODE / "scores.json").write_text("[" * 100_000), "scores.json is not JSON"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_broken_file_gets_one_line_and_leaves_nothing(exported: Clemsim, tmp_path: Path, what: str) -> None:
    make, expected = WRONG[what]
    make()
    said = exported("import", "clembench", "results", "--out", "back")
    assert said.code == 2 and expected in said.err and len(said.err.splitlines()) == 1
    assert not (tmp_path / "back").exists() and not list(tmp_path.glob(".back*"))


def test_names_out_of_files_lead_nowhere(exported: Clemsim, tmp_path: Path) -> None:
    change("interactions.json", lambda data: data["meta"].update(game_name="../../evil", experiment_name="/etc\x00\x1b[2J"))
    assert exported("import", "clembench", "results", "--out", "back").code == 0
    assert not (tmp_path.parent / "evil").exists() and {path.name for path in tmp_path.iterdir()} >= {"back", "r", "results"}
    assert "\x1b" not in exported("show", "back").out


def test_links_are_not_followed(exported: Clemsim, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "results", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / EPISODE)
    (tmp_path / EPISODE).symlink_to(tmp_path / "elsewhere" / EPISODE.relative_to("results"))
    found = exported("import", "clembench", "results", "--out", "back", "--json").json["arenas"]["taboo"]
    assert found["episodes"] == 11


def test_a_reply_of_megabytes_is_kept_and_cut_for_reading(exported: Clemsim) -> None:
    def swell(data: dict[str, Any]) -> None:
        reply = next(event for event in data["turns"][0] if event["from"] == "Player 1")
        reply["action"]["content"] = "CLUE: " + "\x00\x1b[2J x" * 500_000

    change("interactions.json", swell)
    assert exported("import", "clembench", "results", "--out", "back").code == 0
    shown = exported("show", "back", "taboo/high_en/0").out
    assert "\x1b" not in shown and "\x00" not in shown and len(shown) < 100_000


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere", "--out", "b"], "there is no folder nowhere"),
        (["r", "--out", "b"], "r has no clembench results"),
        (["results", "--out", "r"], "r already exists"),
    ],
)
def test_what_can_not_be_imported(exported: Clemsim, words: list[str], expected: str) -> None:
    said = exported("import", "clembench", *words)
    assert said.code == 2 and expected in said.err and len(said.err.splitlines()) == 1
