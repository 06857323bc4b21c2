"""`clemsim show --follow` beside a process that plays."""

from __future__ import annotations

import shutil
from pathlib import Path
from time import monotonic, sleep

import orjson
import pytest

from clemsim.cli import follow
from tests.cli.conftest import Clemsim, start

GAME = '''
import asyncio
from pathlib import Path

from clemsim import Agent, Arena, Instance, Message, Outcome


class Three(Arena[Instance]):
    name, seats = "three", ("one",)

    def instances(self):
        return [Instance(id=number) for number in range(2)]

    async def play(self, table, instance, /):
        for number in range(3):
            await table.ask("one", f"Number {number}?")
        return Outcome.success(70)


class Waits(Agent):
    """Replies once there is a file `go`, and tries to clear the terminal."""

    name = "waits"

    async def reply(self, view):
        while not Path("go").exists():
            await asyncio.sleep(0.01)
        return Message(view.seat, f"reply {view.turn} \\x1b[2J")
'''


def test_replies_are_shown_as_they_come_and_the_run_does_not_mind(tmp_path: Path) -> None:
    (tmp_path / "three.py").write_text(GAME)
    run = start("run", "--arena", "three.py:Three", "--agent", "three.py:Waits", "--out", "r", cwd=tmp_path)
    until = monotonic() + 60
    while not (tmp_path / "r" / "run.lock").exists() and monotonic() < until:
        sleep(0.05)
    views = [start("show", "r", *episode, "--follow", cwd=tmp_path) for episode in ([], ["2"])]
    for view in views:
        assert view.stderr and "following r to " in view.stderr.readline()
    (tmp_path / "go").touch()
    brief, full = (view.communicate(timeout=60)[0] for view in views)
    told = run.communicate(timeout=60)[1]
    assert [process.returncode for process in (run, *views)] == [0, 0, 0] and "Traceback" not in told
    for number in range(2):
        for turn in (1, 2, 3):
            assert f"three/default/{number} · waits  {turn} one: reply {turn} \\x1b[2J\n" in brief
        assert f"three/default/{number} · waits  success (quality 70.00)\n" in brief
    assert "suite quick" in brief and " worth" in brief, "the table at its end"
    assert "three/default/1 · waits ─" in full and "Number 2?" in full and "three/default/0" not in full
    assert "\x1b" not in brief + full


def test_a_run_that_nobody_plays_is_shown_and_ends(clemsim: Clemsim, tmp_path: Path) -> None:
    assert clemsim("run", "--arena", "taboo", "--instances", 1, "--agent", "baseline", "--out", "r").code == 0
    whole = clemsim("show", "r", "--follow")
    assert whole.code == 0 and "taboo" in whole.out and "resume" not in whole.err
    lines = [orjson.loads(line) for line in clemsim("show", "r", 1, "--follow", "--json").out.splitlines()]
    assert {line["label"] for line in lines} == {"taboo/high_en/0"}
    assert [lines[0]["event"]["type"], lines[-1]["event"]["type"]] == ["told", "ended"]
    said = clemsim("show", "r", "--follow", "--load", "load.svg")
    assert said.code == 2 and said.err.endswith("leave out --follow\n")


def test_a_run_that_was_broken_off_says_how_to_go_on_and_ctrl_c_ends_the_view(
    clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path(__file__).parents[1] / "data" / "before-seats" / "run", tmp_path / "r")
    said = clemsim("show", "r", "--follow")
    assert said.code == 0 and "17 of 18 episodes have ended; go on with: clemsim resume r" in said.err

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(follow, "sleep", stop)
    said = clemsim("show", "r", "--follow")
    assert said.code == 130 and said.err.endswith("clemsim: stopped\n")
