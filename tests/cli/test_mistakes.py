"""The mistakes that authors of games make: each gets one line that says what to do, with the author's file and line.

What only `check_arena` can see (chance of one's own, state, sleep) it says; a run plays such a game.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

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


class Mistake(Arena[Words]):
    name, seats, max_turns, count = "mistake", ("one", "two"), 20, 0

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
        '[await table.ask("one", "?") for _ in range(10**9)]', "asked more than 20 turns", "table.ask", "20 turns"
    ),
    "no outcome": Mistake(asks(after="return 5"), "must return an Outcome, not int", "async def play", "not int"),
    "nothing": Mistake(asks(after="pass"), "must return an Outcome, not NoneType", "async def play", "not NoneType"),
    "no await": Mistake(
        f'table.ask("one", "?").close(); {ENDS}', "write `await table.ask(...)`", "async def play", "await table.ask"
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
    "dollar": Mistake(f'self.prompt("dollar"); {ENDS}', "write $$ for a dollar", "self.prompt", r"\$\$"),
    "no prompt": Mistake(f'self.prompt("none"); {ENDS}', "no file 'prompts/none.txt'", "self.prompt", "none.txt"),
    "play raises": Mistake(asks(after='return {}["key"]'), "play raised KeyError: 'key'", 'return {}["key"]', "KeyError"),
    "Invalid in play": Mistake(
        asks(after='raise Invalid("no")'), "play raised Invalid: no", "raise Invalid", "raised Invalid"
    ),
    "parser raises": Mistake(asks(", parse=Parser(int)"), "raised ValueError", "parse=Parser(int)", "raised ValueError"),
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
    "no name": Mistake(f"\n    name = None\n{SOUND}", "has no name: write name =", None, "has no name"),
    "seats": Mistake(f'\n    seats = ("one")\n{SOUND}', 'such as ("guesser",) with its comma', None, "with its comma"),
    "metric raises": Mistake(
        f"\n    def metrics(self, transcript): return {{'a': 1 / 0}}\n{SOUND}",
        "scoring raised ZeroDivisionError",
        "1 / 0",
        "Zero",
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
    "instances": Mistake(
        f"\n    instances = Arena.instances\n{SOUND}", "or define instances() in Mistake", None, "or define instances"
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


def loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"mistake_{path.parent.name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a class finds the folder of its prompts
    spec.loader.exec_module(module)
    return module.Mistake


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


@pytest.mark.parametrize(("name", "file"), [(name, name) for name in MISTAKES], indirect=["file"], ids=MISTAKES)
def test_check_arena_finds_it(name: str, file: Path) -> None:
    checked = MISTAKES[name].checked
    assert checked is not None
    with pytest.raises((AssertionError, ClemsimError), match=checked):
        game = loaded(file)()
        check_arena(game, game.instances(), examples=100 if name == "format" else 10)
