"""`baseline` and `random`: scripted players, each game's own where it has registered one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from clemsim.catalog.agents import AgentOptions
from clemsim.catalog.plugins import registered
from clemsim.errors import UsageError
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent


class PerArena(Agent):
    """Hands each view to the player that is registered for its arena, or to `otherwise`."""

    def __init__(self, name: str, group: str, otherwise: Agent | None = None) -> None:
        self.name = name
        self._group = group
        self._players: dict[str, Agent] = {}
        self._otherwise = otherwise

    def check(self, arena: str, seats: Sequence[str]) -> None:
        """Load the player of the arena. Raises UsageError where there is none."""
        there = registered(self._group)
        if arena in there:
            self._players.setdefault(arena, there[arena].load()())
        elif self._otherwise is None:
            raise UsageError(f"there is no {self.name} for {arena}, only for {', '.join(there)}")

    async def reply(self, view: View) -> Message:
        """What the arena's player says."""
        player = self._players.get(view.key.arena, self._otherwise)
        if player is None:
            raise UsageError(f"there is no {self.name} for {view.key.arena}")
        return await player.reply(view)

    def describe(self) -> dict[str, Any]:
        """Its name; it has no settings."""
        return {"name": self.name, "engine": "none"}


class AnyMove(Agent):
    """Draws a reply out of the format of the ask, where the game declares one."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """A reply that keeps to the format."""
        drawn = view.format.sample(random.Random(view.seed)) if view.format else "yes"
        return Message(view.seat, drawn)


def baseline(arg: str = "", options: AgentOptions | None = None) -> Agent:
    """Each game's competent player."""
    _without_arg("baseline", arg)
    return PerArena("baseline", "baselines")


def random_(arg: str = "", options: AgentOptions | None = None) -> Agent:
    """Each game's player by chance; any reply that keeps to the format where it has none."""
    _without_arg("random", arg)
    return PerArena("random", "randoms", AnyMove())


def _without_arg(name: str, arg: str) -> None:
    if arg:
        raise UsageError(f"{name} takes no argument, so {name}:{arg} means nothing")
