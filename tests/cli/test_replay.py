"""`clemsim replay` and `clemsim branch`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clemsim.game.events import Replied
from tests.cli.conftest import Clemsim
from tests.cli.test_run import transcripts


@pytest.fixture
def played(clemsim: Clemsim) -> Clemsim:
    """A run `r` to go back to."""
    assert clemsim("run", "--agent", "random", "--seed", 4, "--out", "r").code == 0
    return clemsim


def test_a_run_is_as_recorded(played: Clemsim) -> None:
    said = played("replay", "r", "--json")
    assert said.code == 0
    assert said.json["episodes"] == 27 and said.json["problems"] == [] and said.json["turns"] > 100
    assert "1 of 1 episodes" in played("replay", "r", "taboo/high_en/0").out


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE events SET body = replace(body, 'CLUE', 'HINT') WHERE type = 'asked' AND episode = 1", "recorded"),
        (
            "UPDATE events SET body = replace(body, 'GUESS: ', 'GUESS: x') WHERE type = 'replied' AND episode = 1",
            "turn 3: recorded describer",
        ),
        ("UPDATE events SET body = replace(body, '\"failure\"', '\"success\"') WHERE type = 'ended'", "after turn"),
    ],
)
def test_what_is_no_longer_as_recorded_is_named(played: Clemsim, tmp_path: Path, change: str, expected: str) -> None:
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base, base:
        base.execute(change)
    said = played("replay", "r", "taboo/high_en/0")
    assert said.code == 1
    assert "taboo/high_en/0 of random: " in said.out and expected in said.out
    assert "0 of 1 episodes" in said.out


def test_a_branch_shares_the_past_and_nothing_else(played: Clemsim, tmp_path: Path) -> None:
    said = played(
        "branch", "r", "wordle/high_frequency/0", "--turn", 3, "--agent", "random", "-n", 4, "--out", "b", "--json"
    )
    assert said.code == 0 and said.json["agents"]["random"]["episodes"] == 4
    past = transcripts(tmp_path / "r")
    (before,) = [events for key, events in past.items() if "wordle'" in key and "'high_frequency/0'" in key]
    branches = list(transcripts(tmp_path / "b").values())
    third = [index for index, event in enumerate(before) if isinstance(event, Replied)][2]
    assert all(branch[:third] == before[:third] for branch in branches)
    assert len({str(branch[third]) for branch in branches}) > 1
    assert played("replay", "b").code == 0 and played("resume", "b").code == 0 and played("score", "b").code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["r", "1", "--turn", "99"], "there is no turn 99: the episode has turns 1 to 6"),
        (["r", "chess/1", "--turn", "1"], "there is no episode 'chess/1': give a number from 1 to 27"),
        (["nowhere", "1", "--turn", "1"], "there is no run at nowhere"),
    ],
)
def test_what_can_not_be_branched(played: Clemsim, words: list[str], expected: str) -> None:
    said = played("branch", *words, "--agent", "random")
    assert said.code == 2 and expected in said.err and len(said.err.splitlines()) == 1
