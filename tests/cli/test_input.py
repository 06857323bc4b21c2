"""Input that is wrong: each gets one line that says what to do, and exit code 2; never silence, never a traceback."""

from __future__ import annotations

import json
import os
import socket
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest

from clemsim.catalog import plugins
from tests.cli.conftest import Clemsim, CommandResult

GAMES = '''
from clemsim import Arena, Instance, Outcome, tagged
from pydantic import SkipValidation
from typing import Any

class Good(Arena[Instance]):
    """A game."""
    name, seats = "good", ("one", "two")
    outcome = Outcome.success()
    def instances(self):
        return [Instance(id=0)]
    async def play(self, table, instance, /):
        return self.outcome

class Twins(Good):
    name = "twins"
    def instances(self):
        return [Instance(id=0), Instance(id=1), Instance(id=0)]

class Taboo(Good):
    name = "taboo"

class Again(Good):
    """Another of that name."""

class Sync(Good):
    name = "sync"
    def play(self, table, instance, /):
        return self.outcome

class OneSeat(Good):
    name, seats = "oneseat", ("one")

class Nameless(Arena[Instance]):
    seats = ("one",)
    async def play(self, table, instance, /):
        return Outcome.success()

class Held(Instance):
    model_config = {"arbitrary_types_allowed": True}
    thing: Any = None

class Unwritable(Good):
    name, instance_type = "unwritable", Held
    def instances(self):
        return [Held(thing=object())]

class Text(Good):
    name = "text"
    def metrics(self, transcript):
        return {"share": "yes"}

class Undefined(Good):
    name = "undefined"
    def metrics(self, transcript):
        return {"share": float("nan")}
'''


@pytest.fixture(autouse=True)
def games(tmp_path: Path) -> None:
    (tmp_path / "games.py").write_text(GAMES)


def told(said: CommandResult) -> str:
    """The one line that a refusal consists of, after the line that says that it plays."""
    lines = [line for line in said.err.splitlines() if line.startswith("clemsim: ")]
    assert said.code == 2 and len(lines) == 1 and "Traceback" not in said.err, said
    return lines[0]


def play(clemsim: Clemsim, game: str, *words: object) -> CommandResult:
    return clemsim("run", "--arena", f"games.py:{game}", "--agent", "random", "--out", "r", *words)


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ("Twins", "twins: instances 1 and 3 are both called default/0: give one of them another experiment or id"),
        ("Taboo", "is called 'taboo', as is the installed game clemsim_arenas.taboo"),
        ("Sync", "play is no coroutine: write `async def play` (sync/default/0)"),
        ("OneSeat", """OneSeat: seats is a tuple of names, such as ("guesser",) with its comma, not 'one'"""),
        ("Nameless", 'Nameless has no name: write name = "..." in the class'),
        ("Unwritable", "the instance cannot be written as JSON"),
        ("Text", "metric 'share' is a number, or None where it is undefined, not 'yes' (text/default/0)"),
        ("Undefined", "metric 'share' is a number, or None where it is undefined, not nan (undefined/default/0)"),
    ],
)
def test_a_game_that_is_wrong(clemsim: Clemsim, game: str, expected: str) -> None:
    assert expected in told(play(clemsim, game))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("Outcome.success(1000)", "a number from 0 to 100, not 1000"),
        ("Outcome.success(float('nan'))", "a number from 0 to 100, not nan"),
        ("Outcome.success(True)", "a number from 0 to 100, not True"),
        ("Outcome.success('9')", "a number from 0 to 100, not '9'"),
        ("Outcome.failure('x', blame='three')", "the blame of an Outcome is one of the seats one, two, not 'three'"),
        ("Outcome('won')", "the kind of an Outcome is success, failure or aborted, not 'won'"),
        ("Outcome.success(1, 7)", "the reason of an Outcome is text, not 7"),
    ],
)
def test_an_outcome_that_is_wrong(clemsim: Clemsim, tmp_path: Path, outcome: str, expected: str) -> None:
    path = tmp_path / "games.py"
    path.write_text(path.read_text().replace("outcome = Outcome.success()", f"outcome = {outcome}"))
    line = told(play(clemsim, "Good"))
    assert expected in line and line.endswith("(good/default/0)")


def test_an_outcome_may_miss_its_bounds_by_rounding(clemsim: Clemsim, tmp_path: Path) -> None:
    path = tmp_path / "games.py"
    path.write_text(path.read_text().replace("outcome = Outcome.success()", "outcome = Outcome.success(100 * (1 + 1e-15))"))
    assert play(clemsim, "Good").code == 0


def test_two_games_of_one_name(clemsim: Clemsim) -> None:
    line = told(play(clemsim, "Good", "--arena", "games.py:Again"))
    assert "games.py:Good and games.py:Again are both called 'good': give one of them another name" in line


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        (("plyer1=baseline", "baseline"), "there is no seat 'plyer1'; the seats are taboo: describer, guesser"),
        (("guesser=baseline", "guesser=random", "random"), "--agent guesser=... is given twice: a seat has one agent"),
    ],
)
def test_seats_that_are_wrong(clemsim: Clemsim, agents: tuple[str, ...], expected: str) -> None:
    words = [word for agent in agents for word in ("--agent", agent)]
    assert expected in told(clemsim("run", "--arena", "taboo", *words, "--out", "r"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[arenas.taboo.experiments]\nlow_en = 300\n", "wants 300 instances of taboo, low_en, but there are 20: lower"),
        (b"[arenas.taboo.experiments]\nlow_en = -1\n", "should be greater than or equal to 1"),
        (b"[arenas.taboo]\ninstanzes = 1\n", "arenas.taboo.instanzes: Extra inputs are not permitted"),
        (b"arenas = 3\n", "arenas: Input should be a valid dictionary"),
        (b"name = '\xe9'\n[arenas]\n", "it is not UTF-8 text"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"seed = " + b"9" * 5000, "is not TOML"),
        (b"seed = \n", "is not TOML"),
    ],
)
def test_a_suite_file_that_is_wrong(clemsim: Clemsim, tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "suite.toml").write_bytes(content)
    assert expected in told(clemsim("run", "--suite", "suite.toml", "--agent", "random", "--out", "r"))


def test_files_of_other_systems_are_read(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "s" / "taboo").mkdir(parents=True)
    (tmp_path / "s" / "suite.toml").write_bytes(b"\xef\xbb\xbf[arenas.taboo]\r\n")
    words = ["dog", "two\u2028lines"]
    lines = [json.dumps({"id": n, "target": word, "related": []}, ensure_ascii=False) for n, word in enumerate(words)]
    (tmp_path / "s" / "taboo" / "instances.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert clemsim("run", "--suite", "s", "--agent", "random", "--out", "r", "--json").json["agents"]


@pytest.mark.parametrize("name", ["pipe", "socket", "folder", "/dev/zero"])
@pytest.mark.parametrize(
    "words",
    [
        ("study", "NAME"),
        ("run", "--suite", "NAME", "--agent", "random"),
        ("run", "--agent", "local:NAME"),
        ("analyze", "NAME"),
        ("analyze", "r", "--characteristics", "NAME"),
        ("verify", "NAME"),
        ("stress", "--compare", "NAME", "NAME"),
        ("run", "--agent", "m@https://127.0.0.1:9/v1", "--ca-file", "NAME"),
    ],
)
def test_what_is_no_file_is_not_read(clemsim: Clemsim, tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert told(clemsim(*(word.replace("NAME", name) for word in words)))


@pytest.mark.parametrize(
    "out", ["a" * 300, "\udcff\udcfe", "pipe", "file", "file/under", "loop", "link", "loop/under", "/dev/null/x"]
)
def test_a_place_where_no_run_can_be(clemsim: Clemsim, tmp_path: Path, out: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    assert told(clemsim("run", "--arena", "taboo", "--agent", "random", "--instances", 1, "--out", out))
    assert (tmp_path / "file").read_text() == "mine"


def test_bytes_that_are_no_text(clemsim: Clemsim) -> None:
    assert (
        told(clemsim("doctor", "--agent", "\udcff", "--json")) == r"clemsim: '\udcff' is not UTF-8 text: give another name"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--temperature", "nan"),
        ("--temperature", "inf"),
        ("--seed", 10**30),
        ("--width", "9" * 5000),
        ("--width", 0),
        ("--repetitions", 10**12),
        ("--repetitions", 10**6),
        ("--max-tokens", 10**12),
        ("--episode-seconds", "nan"),
        ("--batch", 10**12),
    ],
)
def test_numbers_that_are_absurd(clemsim: Clemsim, words: tuple[object, ...]) -> None:
    assert told(clemsim("run", "--agent", "random", "--out", "r", *words))


@pytest.mark.parametrize("score", ["nan", "inf", "1e300", "-5"])
def test_a_score_that_is_none(clemsim: Clemsim, score: str) -> None:
    assert told(clemsim("analyze", "r", "--score", score))


def test_a_key_in_what_is_no_file(clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    monkeypatch.setenv("CLEMSIM_API_KEY_FILE", "pipe")
    line = told(clemsim("run", "--agent", "m@http://127.0.0.1:9/v1", "--out", "r"))
    assert line == "clemsim: CLEMSIM_API_KEY_FILE: pipe is no file"


class Broken(EntryPoint):
    """An entry point of a package that cannot be loaded."""

    def load(self) -> Any:
        """Fail as an author's mistake would."""
        raise AttributeError("module 'theirs' has no attribute 'Game'")


@pytest.fixture
def _another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(group: str) -> list[EntryPoint]:
        return [*entry_points(group=group), Broken("theirs", "theirs:Game", group)]

    monkeypatch.setattr(plugins, "entry_points", found)


@pytest.mark.usefixtures("_another_package")
@pytest.mark.parametrize("what", ["arenas", "suites", "agents"])
def test_a_broken_package_does_not_hide_the_others(clemsim: Clemsim, what: str) -> None:
    said = clemsim("list", what, "--json")
    assert said.code == 0
    assert len(said.json[what]) > 2 and "has no attribute 'Game'" in said.out and "theirs" in said.out
    assert clemsim("list", what).code == 0


@pytest.mark.usefixtures("_another_package")
def test_a_broken_package_is_named_where_it_is_needed(clemsim: Clemsim, tmp_path: Path) -> None:
    game = told(clemsim("run", "--arena", "theirs", "--agent", "random", "--out", "r"))
    assert "clemsim.arenas 'theirs' cannot be loaded (theirs:Game): AttributeError" in game
    assert "'theirs' cannot be loaded" in told(clemsim("suite", "generate", "--arena", "theirs", "--out", tmp_path / "s"))
    assert clemsim("run", "--arena", "taboo", "--agent", "random", "--out", "r").code == 0
    assert clemsim("doctor").code == 1
