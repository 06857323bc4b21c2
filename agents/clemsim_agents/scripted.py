"""`baseline` and `random`: scripted players, each game's own where it has registered one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from clemsim.catalog.constructors import construct
from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.catalog.plugins import load_entry, registered
from clemsim.errors import UsageError
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent


class PerArena(Agent):
    """Hands each view to the player that is registered for its arena, or to `otherwise`."""

    def __init__(self, name: str, group: str, otherwise: Agent | None = None) -> None:
        """`group`: the entry-point group of the players, without `clemsim.`."""
        self.name = name
        self._group = group
        self._players: dict[str, Agent] = {}
        self._otherwise = otherwise

    def check(self, arena: str, seats: Sequence[str]) -> None:
        """Load the player of the arena. Raises UsageError where there is none."""
        players = registered(self._group)
        if arena in players:
            if arena not in self._players:
                self._players[arena] = construct(load_entry(players[arena]), f"{self.name} of {arena}", "", AgentOptions())
        elif self._otherwise is None:
            there_are = f"there is no {self.name} for {arena}, only for {', '.join(players)}"
            raise UsageError(f"{there_are} (or name a player of yours: path/to/player.py:Class)")

    async def reply(self, view: View) -> Message:
        """Return the reply of the arena's player."""
        player = self._players.get(view.key.arena, self._otherwise)
        if player is None:
            raise UsageError(f"there is no {self.name} for {view.key.arena}")
        return await player.reply(view)

    def describe(self) -> dict[str, Any]:
        """Return its name; it has no settings."""
        return {"name": self.name, "engine": "none"}


class AnyMove(Agent):
    """Draws a reply out of the format of the ask, where the game declares one."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """Return a reply that keeps to the format."""
        reply = view.format.sample(random.Random(view.seed)) if view.format else "yes"
        return Message(view.seat, reply)


def make_baseline(arg: str, options: AgentOptions) -> Agent:
    """Make the agent that plays each game by its competent player."""
    check_no_argument("baseline", arg)
    return PerArena("baseline", "baselines")


def make_random(arg: str, options: AgentOptions) -> Agent:
    """Make the agent that plays each game by chance; any reply that keeps to the format where a game has no such player."""
    check_no_argument("random", arg)
    return PerArena("random", "randoms", AnyMove())


def check_no_argument(name: str, arg: str) -> None:
    """Raise UsageError if there is an argument."""
    if arg:
        raise UsageError(f"{name} takes no argument, so {name}:{arg} means nothing")


BASELINE = AgentKind(
    name="baseline", help="a competent scripted player, for the games that have one", make=make_baseline, scripted=True
)
RANDOM = AgentKind(
    name="random",
    help="a scripted player that keeps to the format and draws its moves",
    make=make_random,
    scripted=True,
)
