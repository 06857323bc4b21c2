"""`clemsim run --stop-when`: the run ends early, says why, and is whole."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from html import unescape
from pathlib import Path

import orjson
import polars as pl
import pytest

from clemsim.analysis.compare import compare
from clemsim.results.frames import RunTables
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


def test_what_is_made_of_a_stopped_run_says_so(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim(*RUN, "--stop-when", "baseline > random", "--out", "r")
    assert "clemsim: to know: baseline > random: these 90 instances answer true differences of about 29 points" in said.err
    line = orjson.loads((tmp_path / "r" / "summary.json").read_bytes())["stopped_when"]
    compared = compare(tmp_path / "r", tmp_path / "r", "random", "baseline")
    rows = {row.metric: row for row in compared.rows if row.game == "overall"}
    assert rows["worth"].p is None and rows["worth"].verdict == "lower" and rows["worth"].low == -100
    assert rows["clemscore"].p is not None
    assert line in compared.sentences[0] and any("stopping rule" in note and line in note for note in compared.notes)
    assert line in clemsim("analyze", "r", "--out", "a", "--json").out
    for file in ("report.html", "analysis.json"):
        assert line.removeprefix("baseline > random") in unescape((tmp_path / "a" / file).read_text()), file
    assert line in clemsim("compare", "r", "r", "--a", "random", "--b", "baseline", "--json").out
    assert clemsim("export", "r", "--format", "parquet").code == 0
    assert set(pl.read_parquet(tmp_path / "r-parquet" / "episodes.parquet")["stopped_when"]) == {line}
    for name in ("jsonl", "clembench"):
        assert clemsim("export", "r", "--format", name).code == 0
    lines = (tmp_path / "r.jsonl").read_bytes().splitlines()
    assert {orjson.loads(each)["stopped_when"] for each in lines} == {line}
    assert orjson.loads((tmp_path / "r-clembench" / "stopped.json").read_bytes())["stopped_when"] == line
    assert set(RunTables(tmp_path / "r").episodes["stopped_when"]) == {line}


def test_of_one_game_worth_and_clemscore_are_the_answer_of_the_rule(clemsim: Clemsim, tmp_path: Path) -> None:
    clemsim(*RUN[:5], *RUN[7:], "--stop-when", "|baseline - random| < 20", "--out", "r")
    rows = {row.metric: row for row in compare(tmp_path / "r", tmp_path / "r", "baseline", "random").rows[-4:]}
    assert rows["clemscore"].low == rows["worth"].low and (rows["worth"].low or 0) > 20
    assert rows["clemscore"].p is None and rows["clemscore"].verdict == "higher"


def test_a_run_to_the_end_is_not_called_stopped(clemsim: Clemsim, tmp_path: Path) -> None:
    clemsim(*RUN, "--instances", 1, "--stop-when", "baseline > random", "--out", "r")
    assert set(RunTables(tmp_path / "r").episodes["stopped_when"]) == {None}
    assert all(row.p is not None or row.low is None for row in compare("r", "r", "baseline", "random").rows)


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
