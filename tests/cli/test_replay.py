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
    """Play a run `r`."""
    assert clemsim("run", "--agent", "random", "--seed", 4, "--out", "r").code == 0
    return clemsim


def test_a_run_is_as_recorded(played: Clemsim) -> None:
    result = played("replay", "r", "--json")
    assert result.code == 0
    assert result.json["episodes"] == 27 and result.json["problems"] == [] and result.json["turns"] > 100
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
def test_a_difference_to_the_recording_is_named(played: Clemsim, tmp_path: Path, change: str, expected: str) -> None:
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base, base:
        base.execute(change)
        base.execute("UPDATE episodes SET checksum = NULL")  # with it, the change itself would be told
    result = played("replay", "r", "taboo/high_en/0")
    assert result.code == 1
    assert "taboo/high_en/0 of random: " in result.out and expected in result.out
    assert "0 of 1 episodes" in result.out


def test_a_branch_shares_the_past_and_nothing_else(played: Clemsim, tmp_path: Path) -> None:
    result = played(
        "branch", "r", "wordle/high_frequency/0", "--turn", 3, "--agent", "random", "-n", 4, "--out", "b", "--json"
    )
    assert result.code == 0 and result.json["agents"]["random"]["episodes"] == 4
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
def test_messages_for_branches_that_are_impossible(played: Clemsim, words: list[str], expected: str) -> None:
    result = played("branch", *words, "--agent", "random")
    assert result.code == 2 and expected in result.err and len(result.err.splitlines()) == 1
