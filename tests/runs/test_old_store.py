"""Runs that clemsim 0.1.0 wrote, by the first version of the games' rules, are shown, exported and analysed as before, and
mixed with nothing that was played or scored by the rules of today.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim.errors import UsageError
from clemsim.runs.replay import replay
from clemsim.store import checksums
from clemsim.store.folder import read_description
from clemsim.store.reader import reading
from clemsim.store.writer import RunStore
from tests.cli.conftest import Clemsim
from tests.cli.conftest import clemsim as clemsim_command  # noqa: F401 (a fixture)

DATA = Path(__file__).parents[1] / "data"
OF_TABOO = """SELECT metric, value FROM scores JOIN episodes ON episodes.id = episode
WHERE round = 0 AND "cast" = 'baseline' AND instance = 'high_en/0' AND arena = 'taboo'"""
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
def test_a_replay_tells_of_the_other_rules(folder: Path) -> None:
    episodes = list(replay(folder))
    assert len(episodes) > 10
    assert {episode.problem for episode in episodes} == {"played by version 1 of the rules, which is '1.6+2' now"}


def test_it_is_shown_exported_and_analysed_and_keeps_its_scores(
    clemsim_command: Clemsim,  # noqa: F811
    finished: Path,
    tmp_path: Path,
) -> None:
    assert "taboo" in clemsim_command("show", finished).out
    assert "[1]" not in clemsim_command("show", finished, 1).err
    before = orjson.loads((finished / "summary.json").read_bytes())
    said = clemsim_command("score", finished)
    assert said.code == 2 and len(said.err.splitlines()) == 1
    assert "was played by version 1 of its rules, which is '1.6+2' now: the scores of this run stay" in said.err
    assert values(orjson.loads((finished / "summary.json").read_bytes())) == values(before)
    for form in ("clembench", "jsonl", "parquet", "trace"):
        assert clemsim_command("export", finished, "--format", form, "--out", tmp_path / form).code == 0
    analysed = clemsim_command("analyze", finished, "--only", "d", "--figures", "none", "--out", tmp_path / "analysis")
    assert analysed.code == 0, analysed.err


def test_what_comes_back_of_its_export_is_of_the_same_version(
    clemsim_command: Clemsim,  # noqa: F811
    finished: Path,
    tmp_path: Path,
) -> None:
    before = values(clemsim.open_run(finished).summary.as_json())["agents"]
    for number, source in enumerate((finished, tmp_path / "back0")):
        export, back = tmp_path / f"export{number}", tmp_path / f"back{number}"
        assert clemsim_command("export", source, "--format", "clembench", "--out", export).code == 0
        games = clemsim_command("import", "clembench", export, "--out", back, "--json").json["arenas"]
        assert {game["driven"] for game in games.values()} == {0}
        for name, agent in before.items():
            run = back / "runs" / f"{name}-t0.0"
            summary = clemsim.open_run(run).summary
            assert values(summary.as_json())["agents"][f"{name}-t0.0"]["arenas"] == agent["arenas"]
            assert {arena.version for arena in read_description(run).arenas.values()} == {1}
    taboo = tmp_path / "export1" / "baseline-t0.0" / "taboo" / "high_en" / "instance_00000"
    with reading(finished / "run.db") as base:
        scores = base.execute(OF_TABOO).fetchall()
    assert orjson.loads((taboo / "scores.json").read_bytes())["episode scores"] == dict(scores)
    assert clemsim_command("compare", back, finished, "--a", "baseline-t0.0", "--b", "local").code == 0
    assert clemsim_command("run", "--suite", "quick", "--agent", "baseline", "--out", tmp_path / "new").code == 0
    said = clemsim_command("compare", back, tmp_path / "new", "--a", "baseline-t0.0")
    assert said.code == 2 and "is of another version" in said.err


def test_reading_leaves_it_as_it_is(clemsim_command: Clemsim, finished: Path, tmp_path: Path) -> None:  # noqa: F811
    before = (finished / "run.db").read_bytes()
    assert clemsim_command("show", finished).code == 0
    assert clemsim_command("replay", finished).code == 1
    assert clemsim_command("export", finished, "--format", "jsonl", "--out", tmp_path / "x").code == 0
    assert (finished / "run.db").read_bytes() == before


async def test_it_is_not_resumed_by_other_rules(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(STOPPED, tmp_path / "stopped"))
    with pytest.raises(UsageError, match=r"the version of [a-z]+ was 1 and is '1\.6\+2'; begin a new one"):
        await clemsim.resume(folder)
    with reading(folder / "run.db") as base:
        assert base.execute("PRAGMA user_version").fetchone() == (2,)


def test_what_writes_to_it_brings_its_store_up(finished: Path) -> None:
    store = RunStore(finished / "run.db", create=False)
    store.meta("seen", True)
    store.close()
    with reading(finished / "run.db") as base:
        assert base.execute("PRAGMA user_version").fetchone() == (3,)
        checked, without = checksums.counts(base)
        assert checked == 0 and without > 0, "those that ended before have none"
