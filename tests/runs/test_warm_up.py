"""What a game loads before a run begins to play."""

from __future__ import annotations

from pathlib import Path

import pytest

import clemsim
from clemsim import ArenaError

GAME = """
from clemsim import Arena, Instance, Outcome
LOADED = []

class Warm(Arena[Instance]):
    name, version, seats = "warm", 1, ("a",)

    def warm_up(self):
        {warm_up}

    async def play(self, table, instance, /):
        await table.ask("a", "Go on.")
        return Outcome.success(100.0 if LOADED == ["words"] else 0.0)

    def instances(self):
        return [Instance(id=0), Instance(id=1)]
"""
AGENT = """
from clemsim import Agent, Message

class Yes(Agent):
    name = "yes"

    async def reply(self, view):
        return Message(view.seat, "yes")
"""


def spec(folder: Path, warm_up: str) -> str:
    (folder / "warm.py").write_text(GAME.format(warm_up=warm_up))
    (folder / "yes.py").write_text(AGENT)
    return f"{folder / 'warm.py'}:Warm"


async def play(folder: Path, warm_up: str) -> clemsim.Run:
    arena, agent = spec(folder, warm_up), f"{folder / 'yes.py'}:Yes"
    return await clemsim.run(arenas=arena, agents=agent, out=folder / "run")


async def test_a_game_is_warmed_up_once_before_its_first_turn(tmp_path: Path) -> None:
    run = await play(tmp_path, 'LOADED.append("words")')
    assert run.summary.agents["yes"].quality == 100.0


async def test_a_bug_in_it_is_told_with_its_line_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(ArenaError, match="warm: warm_up raised ZeroDivisionError") as caught:
        await play(tmp_path, "1 / 0")
    assert "warm.py" in " ".join(caught.value.frames)
    assert not (tmp_path / "run").exists()
