"""`clemsim run --stop-when`: the run ends early, says why, and is whole."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from clemsim.store import reader
from tests.cli.conftest import Clemsim

RUN = ("run", "--suite", "paper", "--arena", "taboo", "--arena", "wordle", "--agent", "baseline", "--agent", "random")


def test_a_run_ends_once_its_question_is_answered(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim(*RUN, "--stop-when", "baseline > random", "--out", "r")
    assert said.code == 0, said.err
    summary = orjson.loads((tmp_path / "r" / "summary.json").read_bytes())
    assert summary["stopped_when"] == summary["question"]["text"]
    assert summary["stopped_when"].startswith("baseline > random: yes after ")
    assert summary["question"]["instances"] == 90 > summary["question"]["looked_at"]
    assert summary["causes"] == {"question answered": summary["unfinished"]} and summary["unfinished"] > 50
    assert summary["episodes"] == 180
    assert tomllib.loads((tmp_path / "r" / "run.toml").read_text())["config"]["stop_when"] == "baseline > random"
    assert "ended early: baseline > random: yes" in " ".join(said.out.split()) and "resume" not in said.err


def test_the_answer_is_the_same_at_any_width_and_after_a_stop(clemsim: Clemsim) -> None:
    words = (*RUN, "--stop-when", "baseline > random", "--json")
    reference = clemsim(*words, "--out", "a").json["question"]
    assert clemsim(*words, "--out", "b", "--width", 1).json["question"] == reference
    assert clemsim(*words, "--out", "c", "--width", 90).json["question"] == reference


def test_resume_has_nothing_to_do_unless_it_is_to_go_to_the_end(clemsim: Clemsim, tmp_path: Path) -> None:
    first = clemsim(*RUN, "--stop-when", "baseline > random", "--out", "r", "--json").json
    again = clemsim("resume", "r", "--json")
    assert again.code == 0 and again.json == first
    last = clemsim("resume", "r", "--to-the-end", "--json")
    assert last.code == 0 and last.json["unfinished"] == 0 and last.json["stopped_when"] is None
    with reader.reading(tmp_path / "r" / "run.db") as base:
        assert all(row.outcome for row in reader.episodes(base))


def test_a_run_that_was_killed_after_the_answer_is_put_right(clemsim: Clemsim, tmp_path: Path) -> None:
    first = clemsim(*RUN, "--stop-when", "baseline > random", "--out", "r", "--json").json
    with closing(sqlite3.connect(tmp_path / "r" / "run.db")) as base:
        base.execute("UPDATE episodes SET status = 'waiting', cause = NULL WHERE status = 'unfinished'")
        base.execute("DELETE FROM meta WHERE key = 'question'")
        base.commit()
    assert clemsim("show", "r", "--json").json["stopped_when"] is None
    again = clemsim("resume", "r", "--json")
    assert again.code == 0 and again.json == first


def test_a_question_that_is_not_answered(clemsim: Clemsim) -> None:
    said = clemsim(*RUN, "--instances", 1, "--stop-when", "ci(clemscore) < 1", "--out", "r")
    assert said.code == 0
    assert "ci(clemscore) < 1: not answered after 5 of 5 instances" in " ".join(said.out.split())
    assert "ended early" not in said.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--stop-when", "baseline > local"), "no agent is called 'local': name two of baseline, random"),
        (("--stop-when", "baseline > random", "--workers", 2), "leave out --workers"),
        (("--stop-when", "soon"), "give 'A > B'"),
    ],
)
def test_what_is_wrong_is_one_line(clemsim: Clemsim, tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    said = clemsim(*RUN, *words, "--out", "r")
    assert said.code == 2 and expected in said.err and said.err.count("\n") == 1
    assert not (tmp_path / "r").exists()
