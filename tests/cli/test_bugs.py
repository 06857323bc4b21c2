"""Bugs of authors: their own file, line and source line are on the terminal, and none of several is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Clemsim

AUTHORS = '''
from clemsim import Agent, Arena, Instance, Message, Outcome, Question, Table, anything


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


def test_a_bug_in_another_process(clemsim: Clemsim, authors: Path) -> None:
    said = clemsim(
        *("run", "--arena", "authors.py:Pair", "--agent", "authors.py:Calm", "--workers", 2, "--out", "r"),
    )
    assert said.code == 2 and f"line {line_of(authors, 'lookup({})')}" in said.err
