"""Ctrl-C and SIGTERM, with real processes: the first says what is waited for and stops, the second ends the process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import sleep
from typing import IO

import pytest

from clemsim._util.children import descendants
from tests.cli.conftest import start
from tests.cli.test_run import wait_for_events

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

PLAYERS = '''
import time
from clemsim import Agent, Arena, Instance, Message, Outcome


class Endless(Arena[Instance]):
    """Two episodes end, the third never does."""

    name, seats = "endless", ("one",)

    def instances(self):
        return [Instance(id=number) for number in range(3)]

    async def play(self, table, instance, /):
        await table.ask("one", "Well?")
        while instance.id == 2:
            pass
        return Outcome.success()


class Calm(Agent):
    name = "calm"
    def __init__(self, arg="", options=None):
        pass
    async def reply(self, view):
        return Message(view.seat, "well")


class Waiting(Calm):
    name, width = "waiting", 2
    async def reply(self, view):
        import asyncio
        await asyncio.sleep(0 if view.turn == 1 and view.key.instance == "default/0" else 1000)
        return Message(view.seat, "well")


class Opening(Calm):
    name = "opening"
    async def open(self):
        import asyncio, sys
        print("opening", file=sys.stderr, flush=True)
        await asyncio.sleep(1000)
'''

CODES = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture(autouse=True)
def players(tmp_path: Path) -> None:
    (tmp_path / "players.py").write_text(PLAYERS)


def begin(tmp_path: Path, *words: object) -> subprocess.Popen[str]:
    return start(*words, cwd=tmp_path)


def wait_for(stream: IO[str] | None, text: str) -> str:
    """Read lines until one holds this text, and return it."""
    assert stream
    for line in stream:
        if text in line:
            return line
    raise AssertionError(f"{text!r} was never said")


def play(tmp_path: Path, arena: str, agent: str, *words: object) -> subprocess.Popen[str]:
    names = ("--arena", f"players.py:{arena}", "--agent", f"players.py:{agent}")
    return begin(tmp_path, "run", *names, "--out", "r", *words)


@pytest.mark.parametrize(("number", "code"), CODES)
def test_the_second_signal_ends_a_game_that_loops_for_ever(tmp_path: Path, number: int, code: int) -> None:
    process = play(tmp_path, "Endless", "Calm")
    wait_for_events(tmp_path / "r" / "run.db", 9)  # of the third episode, two
    process.send_signal(number)
    assert wait_for(process.stderr, "stopping:").startswith(
        "stopping: endless/default/2 holds the event loop, in one step of"
    )
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code and not out and err == "clemsim: ended at once\n"


def test_the_first_signal_says_what_is_waited_for(tmp_path: Path) -> None:
    process = play(tmp_path, "Endless", "Waiting")
    wait_for_events(tmp_path / "r" / "run.db", 6)
    process.send_signal(signal.SIGTERM)
    line = wait_for(process.stderr, "stopping:")
    assert line == "stopping: waiting for 2 replies of waiting to break off (Ctrl-C again: at once)\n"
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1 and "stopped; go on with: clemsim resume r" in err


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_run_whose_agents_are_being_opened_ends(tmp_path: Path, number: int, code: int) -> None:
    process = play(tmp_path, "Endless", "Opening")
    wait_for(process.stderr, "opening")
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code and err.splitlines() == ["stopping (Ctrl-C again: at once)", "clemsim: stopped"]
    assert not (tmp_path / "r").exists()


def test_a_study_says_what_is_waited_for_and_leaves_what_is_being_opened(tmp_path: Path) -> None:
    model = '[[model]]\nname = "{0}"\n[[model.variant]]\naccess = "file"\nagent = "players.py:{1}"\n'
    text = 'name = "s"\narenas = ["players.py:Endless"]\nparallel = 2\n' + model.format("a", "Waiting")
    (tmp_path / "study.toml").write_text(text + model.format("b", "Opening"))
    process = begin(tmp_path, "study", "study.toml", "--out", "s")
    wait_for(process.stderr, "opening")
    wait_for_events(tmp_path / "s" / "members" / "a-file" / "quick-seed0" / "run.db", 6)
    process.send_signal(signal.SIGINT)
    assert "waiting for 2 replies of waiting to break off" in wait_for(process.stderr, "stopping:")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1 and "stopped; go on with: clemsim resume s" in err and "Traceback" not in err


def test_a_fake_server_ends_at_the_first_signal(tmp_path: Path) -> None:
    process = begin(tmp_path, "serve-fake", "--port", 0)
    wait_for(process.stderr, "serving")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0 and err.startswith("stopping: 0 requests are not answered any more")


def test_a_person_who_plays_need_not_press_it_twice(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clemsim.cli.main", "play", "taboo"]
    process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(process.stderr, "describer")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


@pytest.mark.parametrize("module", ["asyncio", "typer", "pydantic", "clemsim.cli.app", "aiohttp", "rich.console"])
def test_a_signal_while_programs_load_is_no_traceback(module: str) -> None:
    script = f"""
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["clemsim", "list", "suites"]
from clemsim.cli.main import main
sys.exit(main())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 130 and ended.stderr == "clemsim: ended at once\n" and not ended.stdout


def test_a_long_computation_is_stopped_with_one_line() -> None:
    script = """
import os, signal, sys
from clemsim.cli import score
def compute(folder, trust=False):
    os.kill(os.getpid(), signal.SIGTERM)
    while True:
        pass
score.rescore = compute
sys.argv = ["clemsim", "score", "r"]
from clemsim.cli.main import main
sys.exit(main())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 143 and ended.stderr == "clemsim: stopped\n"


def test_servers_of_our_own_are_ended_at_once(tmp_path: Path) -> None:
    script = """
import subprocess, sys
from clemsim._util import children
from clemsim.cli.signals import SIGNALS
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
children.adopt(server.pid)
print(server.pid, flush=True)
SIGNALS.end_at_once()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 130
    assert not is_running(int(ended.stdout))


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), CODES)
def test_the_second_signal_ends_workers_with_their_run(tmp_path: Path, number: int, code: int) -> None:
    process = play(tmp_path, "Endless", "Calm", "--workers", 2)
    assert "endless/default/2 holds the event loop: one step of play has taken" in wait_for(process.stderr, "holds")
    begun = descendants(process.pid)
    assert len(begun) > 2
    process.send_signal(number)
    assert "waiting for 2 workers" in wait_for(process.stderr, "stopping:")
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code and "SIGTERM received" not in err
    sleep(1)
    assert not [other for other in begun if is_running(other)]


@pytest.mark.slow
@pytest.mark.local
def test_replies_of_a_model_in_this_process_break_off(tmp_path: Path) -> None:
    process = begin(tmp_path, "run", "--arena", "taboo", "--agent", "local", "--max-tokens", 2000, "--out", "r")
    wait_for_events(tmp_path / "r" / "run.db", 6)
    sleep(2)
    process.send_signal(signal.SIGTERM)
    assert wait_for(process.stderr, "stopping:").endswith(" of local to break off (Ctrl-C again: at once)\n")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "stopped; go on with" in err
