"""The mistakes that authors of agents and engines make: each gets one line that says what to do, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.conftest import Clemsim

HEAD = """
from clemsim import Agent, Completion, Engine, Message, Usage


class Mine({base}):
    name = "mine"
"""
GOOD = 'return Message(view.seat, view.format.sample(__import__("random").Random(1)) if view.format else "yes")'
REPLY = f"    async def reply(self, view): {GOOD}\n"
USAGE = 'Usage("mine", 0, 0.0, 0.0)'


class Mistake(NamedTuple):
    """What the class has; what the command says, and the line that it points to."""

    body: str
    said: str
    line: str
    base: str = "Agent"


def agent(body: str) -> str:
    """The body of a class whose replies are good."""
    return f"    {body}\n{REPLY}"


def replies(body: str) -> str:
    return f"    async def reply(self, view): {body}\n"


def engine(body: str) -> str:
    return f"    async def complete(self, request): {body}\n"


MISTAKES = {
    "constructor": Mistake(
        agent("def __init__(self, a, b, c): pass"), "given (arg, options); write def __init__(self, arg, options)", "a, b, c"
    ),
    "keyword": Mistake(agent("def __init__(self, *, seed): pass"), "write def __init__(self, arg, options)", "*, seed"),
    "constructor raises": Mistake(
        agent("def __init__(self): {}['key']"), "mine.py:Mine cannot be made: KeyError: 'key'", "{}['key']"
    ),
    "name": Mistake(agent("name = None"), "Mine has no name: write name =", "class Mine"),
    "width": Mistake(agent("width = '4'"), "a number from 1 or None, not '4'", "class Mine"),
    "no reply": Mistake("    pass\n", "has no reply: write `async def reply`", "class Mine"),
    "sync": Mistake(REPLY.replace("async ", ""), "reply is no coroutine: write `async def reply`", "def reply"),
    "text": Mistake(replies("return 'yes'"), "reply returned str: write `return Message(view.seat, text)`", "'yes'"),
    "nothing": Mistake(replies("pass"), "reply returned NoneType", "def reply"),
    "content": Mistake(replies("return Message(view.seat, 5)"), "content of a Message is a str, not int", "view.seat, 5"),
    "usage": Mistake(
        replies("return Message(view.seat, '', usage={})"), "usage of a Message is a Usage, not dict", "usage={}"
    ),
    "reply raises": Mistake(replies("1 / 0"), "agent mine raised ZeroDivisionError: division by zero (taboo", "1 / 0"),
    "open": Mistake(agent("def open(self): pass"), "open is no coroutine: write `async def open`", "def open"),
    "open raises": Mistake(agent("async def open(self): 1 / 0"), "cannot open: it raised ZeroDivisionError", "1 / 0"),
    "close raises": Mistake(agent("async def close(self): 1 / 0"), "cannot close: it raised ZeroDivisionError", "1 / 0"),
    "check raises": Mistake(agent("def check(self, *seats): 1 / 0"), "cannot check: it raised ZeroDivisionError", "1 / 0"),
    "description": Mistake(agent("def describe(self): return 1 / 0"), "cannot describe: it raised Zero", "1 / 0"),
    "description is a list": Mistake(
        agent("def describe(self): return []"), "describe returns a dict, not list", "return []"
    ),
    "description of an object": Mistake(
        agent("def describe(self): return {'a': object()}"), "describe returns what JSON can hold", "object()"
    ),
    "import": Mistake("\nimport nothing_like_this\n", "ModuleNotFoundError: No module named 'nothing", "import nothing"),
    "engine without complete": Mistake("    pass\n", "has no complete: write `async def complete`", "class Mine", "Engine"),
    "engine's constructor": Mistake(
        "    def __init__(self, a, b): pass\n" + engine("pass"), "write def __init__(self, arg)", "a, b", "Engine"
    ),
    "engine's name": Mistake("    name = 5\n" + engine("pass"), "Mine has no name", "class Mine", "Engine"),
    "engine's text": Mistake(engine("return 'yes'"), "complete returned str: write `return Completion(", "'yes'", "Engine"),
    "engine's completion": Mistake(
        engine(f"return Completion(None, '', 'stop', {USAGE})"), "text of a Completion is a str", "Completion(None", "Engine"
    ),
    "engine's usage": Mistake(
        engine("return Completion('yes', '', 'stop', None)"), "usage of a Completion is a Usage", "'stop', None", "Engine"
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_run_says_what_to_do_and_where(clemsim: Clemsim, tmp_path: Path, name: str) -> None:
    mistake, file = MISTAKES[name], tmp_path / "mine.py"
    file.write_text(HEAD.format(base=mistake.base) + mistake.body)
    said = clemsim("run", "--arena", "taboo", "--instances", 1, "--agent", f"{file}:Mine", "--out", "r")
    text = " ".join(said.err.split())
    assert said.code == 2 and mistake.said in text and "Traceback" not in text
    assert f'File "{file}", line' in said.err and mistake.line in said.err
    assert said.err.count("clemsim: ") == 1 and "site-packages" not in text


def test_the_doctor_says_so_too(clemsim: Clemsim, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(HEAD.format(base="Agent") + MISTAKES["open raises"].body)
    said = clemsim("doctor", "--agent", f"{file}:Mine", "--json")
    (check,) = [check for check in said.json["checks"] if check["what"].startswith("agent ")]
    assert said.code == 1 and "cannot open: it raised ZeroDivisionError" in check["found"]


@pytest.mark.parametrize("arguments", ["", "arg=''", "arg, options"])
def test_a_constructor_may_take_less(clemsim: Clemsim, tmp_path: Path, arguments: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(HEAD.format(base="Agent") + agent(f"def __init__(self, {arguments}): pass"))
    assert clemsim("run", "--arena", "taboo", "--instances", 1, "--agent", f"{file}:Mine", "--out", "r").code == 0
