"""Runs that clemsim 0.1.0 wrote, by the rules of its time: shown, exported and analysed as before, not mixed with new."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim.errors import UsageError
from clemsim.runs.replay import replay
from tests.cli.conftest import Clemsim
from tests.cli.conftest import clemsim as clemsim_command  # noqa: F401 (a fixture)

DATA = Path(__file__).parents[1] / "data"
FINISHED, STOPPED = DATA / "run-0.1.0-finished", DATA / "run-0.1.0-stopped"


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FINISHED, tmp_path / "finished"))


def values(summary: Any) -> Any:
    """Return a summary without what 0.1.0 estimated in another way or did not know."""
    if not isinstance(summary, dict):
        return summary
    return {name: values(own) for name, own in summary.items() if name not in ("ci", "worth", "detectable", "noise")}


def test_its_summary_is_the_one_it_was_left_with(finished: Path) -> None:
    written = orjson.loads((finished / "summary.json").read_bytes())
    assert values(clemsim.open_run(finished).summary.as_json()) == values({**written, "run": str(finished)})


@pytest.mark.parametrize("folder", [FINISHED, STOPPED], ids=lambda folder: folder.name)
def test_every_ask_is_the_same_but_for_the_game_whose_rules_changed(folder: Path) -> None:
    episodes = list(replay(folder))
    assert len(episodes) > 10
    assert {episode.row.key.arena for episode in episodes if episode.problem} == {"taboo"}


def test_it_is_shown_scored_exported_and_analysed(clemsim_command: Clemsim, finished: Path, tmp_path: Path) -> None:  # noqa: F811
    assert "taboo" in clemsim_command("show", finished).out
    assert "[1]" not in clemsim_command("show", finished, 1).err
    before = orjson.loads((finished / "summary.json").read_bytes())
    scored = clemsim_command("score", finished)
    assert scored.code == 2 and "taboo was played by version 1 of its rules" in scored.err
    assert values(clemsim_command("show", finished, "--json").json["agents"]) == values(before["agents"])
    for form in ("clembench", "jsonl", "parquet", "trace"):
        assert clemsim_command("export", finished, "--format", form, "--out", tmp_path / form).code == 0
    analysed = clemsim_command("analyze", finished, "--only", "d", "--figures", "none", "--out", tmp_path / "analysis")
    assert analysed.code == 0, analysed.err


def test_reading_leaves_it_as_it_is(clemsim_command: Clemsim, finished: Path, tmp_path: Path) -> None:  # noqa: F811
    before = (finished / "run.db").read_bytes()
    assert (clemsim_command("show", finished).code, clemsim_command("replay", finished).code) == (0, 1)
    assert clemsim_command("export", finished, "--format", "jsonl", "--out", tmp_path / "x").code == 0
    assert (finished / "run.db").read_bytes() == before


async def test_it_is_not_gone_on_with_by_other_rules(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(STOPPED, tmp_path / "stopped"))
    before = (folder / "run.db").read_bytes()
    with pytest.raises(UsageError, match=r"the version of taboo was 1 and is '1\.6\+2'; begin a new one"):
        await clemsim.resume(folder)
    assert (folder / "run.db").read_bytes() == before
