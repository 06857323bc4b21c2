"""Runs that clemsim 0.1.0 wrote before its packages were rearranged are shown, resumed, replayed and analysed as before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.runs.replay import replay
from clemsim.store import checksums
from clemsim.store.reader import reading
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
def test_every_ask_is_the_same(folder: Path) -> None:
    episodes = list(replay(folder))
    assert len(episodes) > 10 and [episode.problem for episode in episodes if episode.problem] == []


def test_it_is_shown_scored_exported_and_analysed(clemsim_command: Clemsim, finished: Path, tmp_path: Path) -> None:  # noqa: F811
    assert "taboo" in clemsim_command("show", finished).out
    assert "[1]" not in clemsim_command("show", finished, 1).err
    before = orjson.loads((finished / "summary.json").read_bytes())
    assert values(clemsim_command("score", finished, "--json").json["agents"]) == values(before["agents"])
    for form in ("clembench", "jsonl", "parquet", "trace"):
        assert clemsim_command("export", finished, "--format", form, "--out", tmp_path / form).code == 0
    analysed = clemsim_command("analyze", finished, "--only", "d", "--figures", "none", "--out", tmp_path / "analysis")
    assert analysed.code == 0, analysed.err


def test_reading_leaves_it_as_it_is(clemsim_command: Clemsim, finished: Path, tmp_path: Path) -> None:  # noqa: F811
    before = (finished / "run.db").read_bytes()
    assert clemsim_command("show", finished).code == clemsim_command("replay", finished).code == 0
    assert clemsim_command("export", finished, "--format", "jsonl", "--out", tmp_path / "x").code == 0
    assert (finished / "run.db").read_bytes() == before


async def test_it_is_resumed_to_the_same_scores(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(STOPPED, tmp_path / "stopped"))
    server = SimulatedServer(Spec(model="fake"))
    await server.start()
    try:
        config = folder / "run.toml"
        config.write_text(config.read_text().replace("http://127.0.0.1:8299", server.url))
        run = await clemsim.resume(folder)
    finally:
        await server.stop()
    assert run.summary.unfinished == 0
    with reading(folder / "run.db") as base:
        assert base.execute("PRAGMA user_version").fetchone() == (3,)
        checked, without = checksums.counts(base)
        assert checked > 0 and without > 0, "those that ended before have none"
    assert values(run.summary.as_json()["agents"]) == values(orjson.loads((folder / "resumed.json").read_bytes()))
