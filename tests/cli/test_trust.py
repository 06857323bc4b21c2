"""A stranger's folder runs no code: what files name is loaded only if the user has run it himself, or says so."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import clemsim as library
from clemsim.errors import UsageError
from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, serving_in_thread

GAME = """
from pathlib import Path
from clemsim import Arena, Instance, Outcome, anything
Path("executed").touch()
class Echo(Arena[Instance]):
    name, seats = "echo", ("one",)
    def instances(self):
        return [Instance(experiment="e", id=n) for n in range(2)]
    async def play(self, table, instance, /):
        await table.ask("one", "Speak.", parse=anything())
        return Outcome.success(100)
"""
AGENT = """
from pathlib import Path
from clemsim import Agent, Message
Path("executed").touch()
class Polite(Agent):
    def __init__(self, arg, options):
        self.name = "polite"
    async def reply(self, view):
        return Message(view.seat, "Hello.")
"""
RUN = ("run", "--arena", "game.py:Echo", "--agent", "agent.py:Polite", "--out", "r")
LOADING = [
    ("score", "r"),
    ("replay", "r"),
    ("resume", "r"),
    ("export", "r", "--format", "clembench", "--out", "x"),
    ("export", "r", "--format", "trace", "--out", "x"),
    ("branch", "r", "1", "--turn", "1", "--agent", "random", "--out", "x"),
    ("stress", "--replay", "r", "--agent", "m@http://127.0.0.1:1/v1"),
]


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clemsim: Clemsim) -> None:
    """A run that somebody else has played, and left here with its code."""
    code(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
    assert clemsim(*RUN).code == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    (tmp_path / "executed").unlink()


def code(folder: Path) -> None:
    """The two files; another text for each test, for a file is loaded once in a process."""
    (folder / "game.py").write_text(f"# {folder}\n{GAME}")
    (folder / "agent.py").write_text(f"# {folder}\n{AGENT}")


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("words", LOADING, ids=lambda words: "-".join(words[:4:3]))
def test_code_that_a_run_names_is_not_executed(clemsim: Clemsim, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = clemsim(*words)
    assert said.code == 2 and said.err.count("clemsim:") == 1, said.err
    assert "r names code that you have not run before: look at " in said.err and "repeat with --trust" in said.err
    assert not (tmp_path / "executed").exists() and not (tmp_path / "x").exists()


@pytest.mark.usefixtures("stranger")
def test_reading_needs_no_code(clemsim: Clemsim, tmp_path: Path) -> None:
    for words in (("show", "r"), ("show", "r", "1"), ("export", "r", "--format", "jsonl", "--out", "x")):
        assert clemsim(*words).code == 0
    assert not (tmp_path / "executed").exists()


@pytest.mark.usefixtures("stranger")
def test_trust_is_remembered(clemsim: Clemsim) -> None:
    assert clemsim("score", "r", "--trust").code == 0
    assert clemsim("score", "r").code == 0
    assert "agent.py" in clemsim("resume", "r").err  # scoring has loaded the game alone
    assert clemsim("resume", "r", "--trust").code == 0
    assert clemsim("resume", "r").code == 0


@pytest.mark.usefixtures("stranger")
async def test_trust_from_python(tmp_path: Path) -> None:
    run = library.open_run(tmp_path / "r")
    with pytest.raises(UsageError, match="you have not run before"):
        run.transcript(1)
    with pytest.raises(UsageError, match="you have not run before"):
        await library.resume(run)
    assert len(run.transcript(1, trust=True).turns) == 1
    await library.resume(run, trust=True)


def test_code_of_ones_own_needs_no_word_until_it_is_changed(clemsim: Clemsim, tmp_path: Path) -> None:
    code(tmp_path)
    assert clemsim(*RUN).code == 0
    assert clemsim("score", "r").code == 0
    (tmp_path / "game.py").write_text((tmp_path / "game.py").read_text() + "# changed\n")
    said = clemsim("score", "r")
    assert said.code == 2 and "game.py is not the code that r was played with: look at it" in said.err
    assert clemsim(*RUN[:-1], "s").code == 0  # run by its name: remembered, but still another code
    assert clemsim("score", "r").code == 2 and clemsim("score", "s").code == 0
    assert clemsim("score", "r", "--trust").code == 0


def test_a_run_of_an_earlier_version_needs_the_users_own_record(
    clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code(tmp_path)
    assert clemsim(*RUN).code == 0
    path = tmp_path / "r" / "run.toml"
    text = path.read_text()
    path.write_text(text[: text.index("[code]")] + text[text.index("[made]") :])
    assert clemsim("score", "r").code == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    assert clemsim("score", "r").code == 2
    assert clemsim("score", "r", "--trust").code == 0


def test_code_that_a_suite_or_a_study_names(clemsim: Clemsim, tmp_path: Path) -> None:
    code(tmp_path)
    (tmp_path / "suite.toml").write_text('[arenas."game.py:Echo"]\n')
    (tmp_path / "study.toml").write_text(
        'name = "s"\nsuites = ["quick"]\narenas = ["taboo"]\ninstances = 1\n'
        '[[model]]\nname = "m"\n[[model.variant]]\naccess = "script"\nagent = "agent.py:Polite"\n'
    )
    for words in (
        ("run", "--suite", "suite.toml", "--agent", "random", "--out", "x"),
        ("study", "study.toml", "--out", "y"),
    ):
        said = clemsim(*words)
        assert said.code == 2 and "names code that you have not run before" in said.err, said.err
        assert not (tmp_path / "executed").exists()
        assert clemsim(*words, "--trust").code == 0
        (tmp_path / "executed").unlink()
    assert clemsim("resume", "y").code == clemsim("resume", "x").code == 0


def test_other_ways_to_name_a_file(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    (tmp_path / "evil.so").write_bytes(b"no library")
    (tmp_path / "suite.toml").write_text('[arenas."a.py/../evil.so:X"]\n')
    assert "names code that you have not run before" in clemsim("run", "--suite", "suite.toml").err
    (tmp_path / "recorded.jsonl").write_text('{"game": "game.py:Echo", "instance": {}, "replies": []}\n')
    assert "there is no arena 'game.py:Echo'" in clemsim("verify", "recorded.jsonl").err


def test_an_agents_file_is_found_from_another_folder(
    clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code(tmp_path)
    assert clemsim(*RUN[:3], "--agent", "one=agent.py:Polite", "--out", "r").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert clemsim("resume", "../r").code == 0


def test_two_agents_of_one_name_are_resumed(clemsim: Clemsim, tmp_path: Path) -> None:
    code(tmp_path)
    (tmp_path / "other.py").write_text(f"# {tmp_path}\n{AGENT}")
    assert clemsim(*RUN[:3], "--agent", "agent.py:Polite", "--agent", "other.py:Polite", "--out", "r").code == 0
    assert clemsim("resume", "r").code == 0


def test_what_is_remembered_is_private_and_may_be_lost(
    clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert clemsim(*RUN).code == clemsim("score", "r").code == 0
    (file,) = (tmp_path / "state" / "clemsim").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(file.read_text().splitlines()) == 2
    for broken in (tmp_path / "game.py", Path("/proc/none")):  # no folder, and one in which nothing can be written
        monkeypatch.setenv("XDG_STATE_HOME", str(broken))
        assert clemsim(*RUN[:-1], f"b{broken.name}").code == 0
        assert clemsim("score", "r", "--trust").code == 0
        assert clemsim("score", "r").code == 2
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert clemsim("score", "r", "--trust").code == clemsim("score", "r").code == 0
    assert (tmp_path / "home" / ".local" / "state" / "clemsim" / "code").exists()


def played_with_a_key(clemsim: Clemsim, url: str, spec: str) -> None:
    words = (
        "run",
        "--arena",
        "taboo",
        "--instances",
        1,
        "--max-requests",
        1,
        "--agent",
        f"{MODEL}@{url}/v1{spec}",
        "--out",
        "r",
    )
    assert clemsim(*words).code == 1


@pytest.mark.parametrize(("spec", "variable"), [("#key_env=MINE", "MINE"), ("", "CLEMSIM_API_KEY"), ("/${MINE}", "MINE")])
def test_a_run_of_somebody_else_sends_nothing_of_mine(
    clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, variable: str
) -> None:
    with serving_in_thread(FakeServer()) as server:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
        played_with_a_key(clemsim, server.url, "")
        described = tmp_path / "r" / "run.toml"
        described.write_text(described.read_text().replace(f'@{server.url}/v1"', f'@{server.url}/v1{spec}"'))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
        monkeypatch.setenv(variable, "sk-this-is-mine")
        refused = clemsim("resume", "r")
        assert refused.code == 2 and f"r sends what is in {variable} to a server that you have not sent it to" in refused.err
        assert "mine" not in refused.err
        clemsim("resume", "r", "--trust", "--max-requests", 1)
        assert "you have not sent it to" not in clemsim("resume", "r", "--max-requests", 1).err, "once is enough"


def test_a_run_of_ones_own_goes_on_with_its_key(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "sk-this-is-mine")
    with serving_in_thread(FakeServer()) as server:
        played_with_a_key(clemsim, server.url, "#key_env=MINE")
        assert clemsim("resume", "r", "--max-requests", 1).code == 1


def test_a_key_in_an_address_is_refused_whatever_its_name(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", "KEYFORBETA7654321")
    said = clemsim("run", "--agent", "m@http://127.0.0.1:1/v1?api-version=KEYFORBETA7654321", "--out", "r")
    assert said.code == 2 and "the address of m holds the key in CLEMSIM_API_KEY" in said.err
