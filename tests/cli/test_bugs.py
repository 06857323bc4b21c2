"""Bugs of authors: their own file, line and source line are on the terminal, and none of several is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Clemsim

AUTHORS = '''
from clemsim import Agent, Arena, Instance, Message, Outcome, Parser, Question, Table, anything


class Pair(Arena[Instance]):
    """Asks two seats at once."""

    name, seats = "pair", ("one", "two")

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        await table.ask_all([Question(seat, "Well?", anything()) for seat in self.seats])
        return Outcome.success(lookup({}))

    def instances(self) -> list[Instance]:
        return [Instance(id=0)]


def lookup(table: dict[str, float]) -> float:
    return table["missing"]


class Odd(Pair):
    name = "odd"

    def metrics(self, transcript):
        return {"share": 1 / 0}


class Seats(Pair):
    name = "seatless"

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        await table.ask("three", "Well?")
        return Outcome.success()


def whole(reply: str) -> int:
    return int(reply)


class Fussy(Arena[Instance]):
    name, seats = "fussy", ("one",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        await table.ask("one", "Ready?")
        await table.ask("one", f"A number, {instance.id}?", parse=Parser(whole))
        return Outcome.success()

    def instances(self) -> list[Instance]:
        return [Instance(id=id) for id in range(5)]


class Numbers(Agent):
    name = "numbers"

    def __init__(self, arg="", options=None):
        pass

    async def reply(self, view):
        with open("asked.txt", "a") as file:
            print(view.key.label, view.turn, file=file)
        return Message(view.seat, "many" if view.key.instance == "default/3" else "3")


class Calm(Agent):
    name = "calm"

    def __init__(self, arg="", options=None):
        pass

    async def reply(self, view):
        return Message(view.seat, "well")


class First(Calm):
    name = "first"

    async def reply(self, view):
        raise ValueError("bug in first")


class Second(Calm):
    name = "second"

    async def reply(self, view):
        return {}["bug in second"]
'''


@pytest.fixture
def authors(tmp_path: Path) -> Path:
    path = tmp_path / "authors.py"
    path.write_text(AUTHORS)
    return path


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_a_bug_in_play_shows_the_authors_lines(clemsim: Clemsim, authors: Path) -> None:
    said = clemsim("run", "--arena", "authors.py:Pair", "--agent", "authors.py:Calm", "--out", "r")
    assert said.code == 2 and "play raised KeyError: 'missing' (pair/default/0)" in said.err
    for text in ("Outcome.success(lookup({}))", 'return table["missing"]'):
        assert f'File "{authors}", line {line_of(authors, text)}' in said.err and text in said.err
    assert "clemsim/game" not in said.err and "asyncio" not in said.err


def test_a_bug_in_a_metric(clemsim: Clemsim, authors: Path) -> None:
    authors.write_text(authors.read_text().replace('table["missing"]', 'table.get("missing", 1.0)'))
    said = clemsim("run", "--arena", "authors.py:Odd", "--agent", "authors.py:Calm", "--out", "r")
    assert said.code == 2 and "scoring raised ZeroDivisionError" in said.err
    assert f"line {line_of(authors, '1 / 0')}" in said.err


def test_a_rule_of_the_table_that_play_breaks(clemsim: Clemsim, authors: Path) -> None:
    said = clemsim("run", "--arena", "authors.py:Seats", "--agent", "authors.py:Calm", "--out", "r")
    assert said.code == 2 and "there is no seat 'three'" in said.err
    assert f"line {line_of(authors, 'three')}" in said.err


def test_of_two_agents_that_fail_at_once_both_are_told(clemsim: Clemsim, authors: Path) -> None:
    said = clemsim(
        *("run", "--arena", "authors.py:Pair", "--agent", "one=authors.py:First", "--agent", "two=authors.py:Second"),
        *("--out", "r"),
    )
    message = said.err.splitlines()[1]
    assert said.code == 2
    assert "agent first raised ValueError: bug in first (pair/default/0, one, turn 1)" in message
    assert "agent second raised KeyError: 'bug in second' (pair/default/0, two, turn 2)" in message
    assert f"line {line_of(authors, 'raise ValueError')}" in said.err
    assert f"line {line_of(authors, 'return {}[')}" in said.err


@pytest.mark.slow
def test_a_bug_in_another_process(clemsim: Clemsim, authors: Path) -> None:
    said = clemsim(
        *("run", "--arena", "authors.py:Pair", "--agent", "authors.py:Calm", "--workers", 2, "--out", "r"),
    )
    assert said.code == 2 and f"line {line_of(authors, 'lookup({})')}" in said.err


@pytest.mark.parametrize("workers", [[], pytest.param(["--workers", 2], marks=pytest.mark.slow)], ids=["here", "workers"])
def test_a_reply_that_breaks_a_parser_ends_its_episode_only(
    clemsim: Clemsim, authors: Path, tmp_path: Path, workers: list[object]
) -> None:
    said = clemsim("run", "--arena", "authors.py:Fussy", "--agent", "authors.py:Numbers", "--out", "r", *workers)
    assert said.code == 1 and "clemsim resume r" in said.err
    told = " ".join(said.out.split())
    assert "1 episodes are unfinished and in no average (1 parser error)" in told
    assert "parser error: the parser of turn 2 (one) raised ValueError: invalid literal for int()" in told
    assert f'File "{authors}", line {line_of(authors, "return int(reply)")}, in whole\n    return int(reply)\n' in said.err
    summary = clemsim("show", "r", "--json").json
    assert (summary["arenas"]["fussy"]["success"], summary["causes"]) == (4, {"parser error": 1})
    assert "parser_error" in summary
    shown = clemsim("show", "r", "fussy/default/3")
    assert "many" in shown.out and "the parser of turn 2" in shown.out
    replayed = clemsim("replay", "r")
    assert replayed.code == 1 and "raised ValueError" in replayed.out

    asked = (tmp_path / "asked.txt").read_text().splitlines()
    if workers:
        return
    assert clemsim("resume", "r").code == 1, "the parser is as it was"
    authors.write_text(authors.read_text().replace("return int(reply)", "return int(reply) if reply.isdecimal() else 0"))
    # in other processes, for this one has loaded the file
    mended = subprocess.run(
        [sys.executable, "-m", "clemsim.cli.main", "resume", "r", "--trust", "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert mended.returncode == 0, mended.stderr
    assert json.loads(mended.stdout)["arenas"]["fussy"]["success"] == 5
    assert (tmp_path / "asked.txt").read_text().splitlines() == asked, "the reply was recorded, and not asked for again"
    fresh = subprocess.run([sys.executable, "-m", "clemsim.cli.main", "replay", "r", "--trust"], cwd=tmp_path, check=False)
    assert fresh.returncode == 0
