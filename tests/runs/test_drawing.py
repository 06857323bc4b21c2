"""How the games of a recorded run draw its episodes, and what is told where they cannot."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clemsim.runs.drawing import Drawings
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow

RUN = Path(__file__).parents[1] / "data" / "run-0.1.0-stopped"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A run of before there were drawings, of which some episodes have not ended."""
    return Path(shutil.copytree(next(RUN.rglob(STORE)).parent, tmp_path / "run"))


def rows_of(folder: Path) -> list[EpisodeRow]:
    with reader.reading(folder / STORE) as base:
        return list(reader.episodes(base))


def test_every_episode_of_an_old_run_is_drawn_also_one_that_was_broken_off(copied: Path) -> None:
    drawings, drawn = Drawings(copied), 0
    with reader.reading(copied / STORE) as base:
        for row in reader.episodes(base):
            pieces, problem = drawings.of(row, reader.events(base, row.id))
            assert not problem
            drawn += bool(pieces)
    assert drawn


def test_an_instance_that_is_none_of_its_game_is_told(copied: Path) -> None:
    row = replace(rows_of(copied)[0], data={"strange": 1})
    assert "target Field required" in Drawings(copied).of(row, [])[1]
    description = copied / "run.toml"
    description.write_text(description.read_text().replace("[config]", '[config]\nimported = "results"', 1))
    told = Drawings(copied).of(row, [])[1]
    assert told.startswith("its instance is as it was recorded") and told.endswith("import the results again")


def test_a_game_that_is_not_here_is_drawn_in_silence_in_an_imported_run(copied: Path) -> None:
    row = rows_of(copied)[0]
    description = copied / "run.toml"
    description.write_text(description.read_text().replace("[config]", '[config]\nimported = "results"', 1))
    assert Drawings(copied).of(replace(row, key=row.key._replace(arena="chess")), []) == ((), "")
    assert Drawings(copied).of(row, [])[1] == ""
