"""The mistakes that authors of games make: each gets one line that says what to do, with the author's file and line.

What only `check_arena` can see (chance of one's own, state, sleep) it says; a run plays such a game.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from clemsim import find_arena
from clemsim.errors import ClemsimError
from clemsim.testing import check_arena
from tests.cli.conftest import Clemsim

HEAD = """
import asyncio
import random
import time

from clemsim import Arena, Image, Instance, Invalid, Outcome, Parser, Question, Table, anything, tagged
from clemsim.formats import literal, one_of


class Words(Instance):
    words: list[str] = []
    anything: object = None


class Mistake(Arena[Words]):
    name, seats, max_turns, count = "mistake", ("one", "two"), 3, 0

    def instances(self):
        return [Words(id=number) for number in range(2)]
"""
PLAY = """
    async def play(self, table, instance, /):
        {body}
"""
ENDS = "return Outcome.success()"


class Mistake(NamedTuple):
    """What is wrong; what a run says, and the line that it points to (None: it plays); what check_arena says.

    `body`: that of play, or where it has more than one line, what the class has beside its head.
    """

    body: str
    said: str | None
    line: str | None
    checked: str | None


def asks(rest: str = "", after: str = ENDS) -> str:
    """The body of a play that asks once."""
    return f'await table.ask("one", "?"{rest}); {after}'


SOUND = PLAY.format(body=asks())
MISTAKES = {
    "random": Mistake(f'await table.ask("one", str(random.random())); {ENDS}', None, None, "take chance from table.rng"),
    "asyncio.sleep": Mistake(
        "await asyncio.sleep(0)", "may await nothing but the table's ask", "asyncio.sleep", "nothing but the table"
    ),
    "time.sleep": Mistake(asks(after=f"time.sleep(0.001); {ENDS}"), None, None, "play called time.sleep"),
    "self": Mistake(asks(after=f"self.last = table; {ENDS}"), None, None, "play changed the arena object"),
    "class": Mistake(
        f'await table.ask("one", str(type(self).count)); type(self).count += 1; {ENDS}',
        None,
        None,
        "not on self or the class",
    ),
    "instance": Mistake(asks(after=f'instance.words.append("x"); {ENDS}'), None, None, "play changed the instance"),
    "endless": Mistake(
        '[await table.ask("one", "?") for _ in range(10**9)]', "asked more than 3 turns", "table.ask", "3 turns"
    ),
    "no outcome": Mistake(asks(after="return 5"), "must return an Outcome, not int", "async def play", "not int"),
    "nothing": Mistake(asks(after="pass"), "must return an Outcome, not NoneType", "async def play", "not NoneType"),
    "no await": Mistake(
        f'table.ask("one", "?"); {ENDS}', "write `await table.ask(...)`", "async def play", "await table.ask"
    ),
    "sync": Mistake(
        "\n    def play(self, table, instance, /): return 1\n", "write `async def play`", "def play", "async def play"
    ),
    "seat": Mistake(
        f'await table.ask("three", "?"); {ENDS}', "there is no seat 'three', only one, two", "three", "only one, two"
    ),
    "blame": Mistake(
        asks(after='return Outcome("failure", "", "three")'),
        "one of the seats one, two, not 'three'",
        "async def play",
        "'three'",
    ),
    "field": Mistake(f'self.prompt("two", word="a"); {ENDS}', "has a field $rounds: pass rounds=", "self.prompt", "rounds="),
    "extra field": Mistake(
        f'self.prompt("two", word="a", rounds=1, last=2); {ENDS}',
        "has no field $last, so last=... is lost: write $last into",
        "self.prompt",
        r"leave it out \(its fields: \$rounds, \$word\)",
    ),
    "dollar": Mistake(f'self.prompt("dollar"); {ENDS}', "write $$ for a dollar", "self.prompt", r"\$\$"),
    "no prompt": Mistake(f'self.prompt("none"); {ENDS}', "no file 'prompts/none.txt'", "self.prompt", "none.txt"),
    "play raises": Mistake(asks(after='return {}["key"]'), "play raised KeyError: 'key'", 'return {}["key"]', "KeyError"),
    "Invalid in play": Mistake(
        asks(after='raise Invalid("no")'), "play raised Invalid: no", "raise Invalid", "raised Invalid"
    ),
    "parser raises": Mistake(asks(", parse=Parser(int)"), "raised ValueError", "parse=Parser(int)", "raised ValueError"),
    "quality": Mistake(
        asks(after="return Outcome.success(1000)"), "a number from 0 to 100, not 1000", "async def play", "not 1000"
    ),
    "reason": Mistake(asks(after="return Outcome.success(reason=5)"), "is text, not 5", "async def play", "not 5"),
    "NaN": Mistake(
        asks(after='return Outcome.success(float("nan"))'), "a number from 0 to 100, not nan", "async def play", "nan"
    ),
    "text": Mistake(
        asks(after='return Outcome.success("50")'), "a number from 0 to 100, not '50'", "async def play", "'50'"
    ),
    "list": Mistake(
        f'await table.ask("one", ["?"]); {ENDS}', "is text (str) or a tuple of parts, not list", "table.ask", "is text"
    ),
    "no picture": Mistake(
        f'await table.ask("one", (Image.data(b"<svg/>", "image/png"),)); {ENDS}',
        "the picture is none of image/png, image/jpeg, image/webp, image/gif, by its first bytes: convert it",
        "Image.data",
        "none of image/png",
    ),
    "reask": Mistake(
        asks(", reask='again'"), "reask is a function (problem, tries)", "reask='again'", "reask is a function"
    ),
    "one seat twice": Mistake(
        f'await table.ask_all([Question("one", "?", anything())] * 2); {ENDS}',
        "need keep=False",
        "table.ask_all",
        "keep=False",
    ),
    "no name": Mistake(f"\n    name = None\n{SOUND}", "has no name: write name =", "class Mistake", "has no name"),
    "seats": Mistake(
        f'\n    seats = ("one")\n{SOUND}', 'such as ("guesser",) with its comma', "class Mistake", "with its comma"
    ),
    "shown": Mistake(f'\n    shown = "Moves"\n{SOUND}', 'such as ("Moves",) with its comma', "class Mistake", "its comma"),
    "max_turns": Mistake(f'\n    max_turns = "9"\n{SOUND}', "a number from 1, not '9'", "class Mistake", "from 1"),
    "sampling": Mistake(f'\n    sampling = {{"one": 0}}\n{SOUND}', "is a SeatSampling(", "class Mistake", "SeatSampling"),
    "no play": Mistake("\n    kind = 1\n", "has no play: write `async def play", "class Mistake", "has no play"),
    "play takes": Mistake(
        "\n    async def play(self, table): pass\n", "play takes (self, table, instance, /)", "def play", "play takes"
    ),
    "parse": Mistake(asks(', parse="N:"'), "parse is a Parser, such as tagged", 'parse="N:"', "parse is a Parser"),
    "question": Mistake(
        f'await table.ask_all([("one", "?")]); {ENDS}', "takes a Question(seat, text, parse)", "table.ask_all", "a Question"
    ),
    "seats_for": Mistake(
        f"\n    def seats_for(self, instance, /): return {{}}['key']\n{SOUND}",
        "raised KeyError: 'key'",
        "{}['key']",
        "KeyError",
    ),
    "seats_for type": Mistake(
        f"\n    def seats_for(self, instance, /): return 'one'\n{SOUND}", "not 'one'", "def seats_for", "returns the seats"
    ),
    "strange seat": Mistake(
        f"\n    def seats_for(self, instance, /): return ['three']\n{SOUND}",
        "names 'three': add it",
        "def seats_for",
        "add it",
    ),
    "metric raises": Mistake(
        f"\n    def metrics(self, transcript): return {{'a': 1 / 0}}\n{SOUND}",
        "scoring raised ZeroDivisionError",
        "1 / 0",
        "Zero",
    ),
    "metrics type": Mistake(
        f"\n    def metrics(self, transcript): return 5\n{SOUND}", "metrics have names, such as", "def metrics", "have names"
    ),
    "metric text": Mistake(
        f"\n    def metrics(self, transcript): return {{'a': 'yes'}}\n{SOUND}",
        "metric 'a' is a number",
        "def metrics",
        "'yes'",
    ),
    "format": Mistake(
        asks(', parse=Parser(tagged("N:").read, literal("M: ") + one_of(*map(str, range(5000))))'),
        None,
        None,
        "must read the same",
    ),
    "instances raise": Mistake(
        f"\n    def instances(self): return [Words(id='a b')]\n{SOUND}",
        "instances of mistake raised ValidationError: 1 validation error for Words",
        "Words(id='a b')",
        "validation error for Words",
    ),
    "instances of another type": Mistake(
        f"\n    def instances(self): return [5]\n{SOUND}", "makes Words objects, not int", "def instances", "not int"
    ),
    "two alike": Mistake(
        f"\n    def instances(self): return [Words(), Words()]\n{SOUND}",
        "instances 1 and 2 are both called default/0: give one of them another experiment or id",
        "def instances",
        "2 instances are called default/0",
    ),
    "instance that is no JSON": Mistake(
        f"\n    def instances(self): return [Words(anything=object())]\n{SOUND}",
        "the instance cannot be written as JSON",
        "class Words",
        "serialize unknown type",
    ),
    "no type of instance": Mistake(
        f"{SOUND}\n\nMistake.instance_type = Instance\n",
        "write class Mistake(Arena[Words])",
        "def play",
        "write class Mistake",
    ),
    "instances": Mistake(
        f"\n    instances = Arena.instances\n{SOUND}",
        "or define instances() in Mistake",
        "class Mistake",
        "or define instances",
    ),
}
PROMPTS = {"two": "$word $rounds", "dollar": "5$ please"}


def source(mistake: Mistake) -> str:
    return HEAD + (mistake.body if "\n" in mistake.body else PLAY.format(body=mistake.body))


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    (tmp_path / "prompts").mkdir()
    for name, text in PROMPTS.items():
        (tmp_path / "prompts" / f"{name}.txt").write_text(text)
    path = tmp_path / "mistake.py"
    path.write_text(source(MISTAKES[request.param]))
    return path


@pytest.mark.parametrize(("name", "file"), [(name, name) for name in MISTAKES], indirect=["file"], ids=MISTAKES)
def test_a_run_says_what_to_do_and_where(clemsim: Clemsim, name: str, file: Path) -> None:
    mistake = MISTAKES[name]
    said = clemsim("run", "--arena", f"{file}:Mistake", "--agent", "random", "--out", "r")
    text = " ".join((said.out + said.err).split())
    if mistake.said is None:
        assert said.code == 0
        return
    assert said.code in (1, 2) and mistake.said in text and "Traceback" not in text
    if mistake.line:
        assert f'File "{file}", line' in said.err + said.out and mistake.line in said.err + said.out
    assert "uvloop" not in text and "site-packages" not in text


@pytest.mark.filterwarnings("ignore:coroutine 'Table")
@pytest.mark.parametrize(("name", "file"), [(name, name) for name in MISTAKES], indirect=["file"], ids=MISTAKES)
def test_check_arena_finds_it(name: str, file: Path) -> None:
    checked = MISTAKES[name].checked
    assert checked is not None
    with pytest.raises((AssertionError, ClemsimError, ValueError), match=checked):
        game = find_arena(f"{file}:Mistake")()
        check_arena(game, game.instances(), examples=100 if name == "format" else 10)
