"""`clemsim canary`: its answers, its exit codes, its files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from clemsim.store import reader
from tests.cli.conftest import Clemsim

SLOW = """
import asyncio

from clemsim import Agent, Message


class Slow(Agent):
    name = "slow"

    def __init__(self, arg, options):
        pass

    async def reply(self, view):
        await asyncio.sleep(30)
        return Message(view.seat, "x")
"""
GAMES = ("--arena", "taboo", "--arena", "referencegame")


def test_equal_stacks_are_the_same_and_play_ends_early(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim(
        "canary", "baseline", "baseline", *GAMES, "--out", "c", "--json", "--markdown", "c.md", "--junit", "c.xml"
    )
    assert said.code == 0 and said.json["answer"] == "same" and said.json["looked_at"] < 120
    assert json.loads((tmp_path / "c" / "canary.json").read_text()) == said.json
    assert "| worth | same |" in (tmp_path / "c.md").read_text()
    suite = Xml.parse(tmp_path / "c.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "0", "1")  # no tokens, so no speed


def test_a_worse_stack_is_found_by_side_and_against_a_run_of_before(clemsim: Clemsim, tmp_path: Path) -> None:
    beside = clemsim("canary", "baseline", "random", *GAMES, "--out", "c", "--budget", 100, "--junit", "c.xml")
    assert beside.code == 3 and "B is worse than A by the margin or more: worth" in beside.out
    assert Xml.parse(tmp_path / "c.xml").getroot().get("failures") == "1"
    before = clemsim("canary", "c/a", "random", "--out", "d", "--json")
    assert before.code == 3 and list(before.json["runs"]) == ["A", "B"] and before.json["runs"]["A"] == "c/a"
    with reader.reading(tmp_path / "d" / "b" / "run.db") as base:
        assert {row.status for row in reader.episodes(base)} == {"done", "unfinished"}


def test_a_small_budget_is_not_certain(clemsim: Clemsim) -> None:
    said = clemsim("canary", "baseline", "baseline", *GAMES, "--budget", 20, "--out", "c")
    assert said.code == 4 and "not certain: worth, %Played, speed (20 of 20 pairs" in said.out


def test_alone_and_under_load(clemsim: Clemsim) -> None:
    said = clemsim("canary", "baseline", "--load", 8, *GAMES, "--out", "c", "--budget", 110, "--json")
    assert said.code == 0 and said.json["b"] == "baseline, 8 at once" and said.json["same_transcripts"] == 1


def test_time_may_be_the_budget(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    said = clemsim("canary", "baseline", "slow.py:Slow", *GAMES, "--budget", "0.5s", "--out", "c")
    assert said.code == 4 and "the budget of 0.5 s was spent" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("baseline",), "give A and B"),
        (("baseline", "random", "--load", "4"), "give A alone"),
        (("baseline", "random", "--budget", "much"), "give pairs of episodes (200)"),
        (("baseline", "random", "--budget", "0"), "nothing can be played"),
        (("baseline", "nobody"), "there is no agent 'nobody'"),
    ],
)
def test_what_does_not_go_together_gets_one_line(clemsim: Clemsim, words: tuple[str, ...], told: str) -> None:
    said = clemsim("canary", *words)
    assert said.code == 2 and told in said.err and len(said.err.splitlines()) == 1
