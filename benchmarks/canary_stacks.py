"""Stacks for `canary.py`: one model behind a sound server and behind spoiled ones, simulated over the games' own players.

The model plays as the competent player of each game, but for a quarter of its turns, which are drawn: which ones follows
from the episode, as a model's weaknesses do. Every stack adds a little noise of its own (a twentieth of the turns), as real
servers do. How badly a stack is spoiled is in CANARY_STRENGTH: the share of turns that are.
"""

import os
import random
from dataclasses import replace
from typing import Any
from zlib import crc32

from clemsim_agents.scripted import make_baseline, make_random

from clemsim.catalog.kinds import AgentOptions
from clemsim.game.messages import Message, Usage
from clemsim.game.view import View
from clemsim.runtime.agent import Agent

WEAK, NOISE = 0.25, 0.05  # shares of turns that are drawn
SPEED = 100.0  # tokens a second
SEED = os.environ.get("CANARY_SEED", "0")


class Stack(Agent):
    """A sound stack."""

    name = "sound"
    speed = 1.0
    requests = True

    def __init__(self, arg: str = "", options: AgentOptions | None = None) -> None:
        self.strength = float(os.environ.get("CANARY_STRENGTH", "0"))
        self._good, self._drawn = make_baseline("", AgentOptions()), make_random("", AgentOptions())
        self._rng = random.Random(f"{type(self).__name__} {SEED} {id(self)}")

    @property
    def error(self) -> float:
        """The share of turns that the stack makes worse itself."""
        return 0.0

    def check(self, arena: str, seats: Any) -> None:
        """Load the players."""
        self._good.check(arena, seats)
        self._drawn.check(arena, seats)

    async def reply(self, view: View) -> Message:
        """Play as the model does."""
        weak = crc32(f"{SEED} {view.key.label} {view.seat} {view.turn}".encode()) / 2**32 < WEAK
        drawn = weak or self._rng.random() < NOISE + self.error
        message = await (self._drawn if drawn else self._good).reply(self.seen(view))
        return self.timed(self.said(message))

    def seen(self, view: View) -> View:
        """What of a conversation reaches the model."""
        return view

    def said(self, message: Message) -> Message:
        """What of a reply reaches the client."""
        return message

    def timed(self, message: Message) -> Message:
        """A reply with what it took."""
        tokens = 1 + len(message.content.split())
        seconds = tokens / SPEED / self.speed * self._rng.lognormvariate(0, 0.3)
        return replace(message, usage=Usage(self.name, 0, 0.0, seconds, tokens_in=10, tokens_out=tokens))


class Twin(Stack):
    """Another sound one."""

    name = "twin"


class WrongTemplate(Stack):
    """Marks of the template leak into a part of the replies."""

    name = "template"

    def said(self, message: Message) -> Message:
        """Spoil some replies."""
        spoiled = self._rng.random() < self.strength
        return replace(message, content=f"<|im_start|>{message.content}") if spoiled else message


class Quantised(Stack):
    """The model errs more."""

    name = "quantised"

    @property
    def error(self) -> float:
        """As strong as it is spoiled."""
        return self.strength


class Dropped(Stack):
    """Of some requests the server keeps the first and the last message of the conversation."""

    name = "dropped"

    def seen(self, view: View) -> View:
        """Drop what is between, for some requests."""
        if self._rng.random() >= self.strength:
            return view
        return replace(view, seen=list(view.seen[: min(1, view.size)]), size=min(1, view.size))


class Slow(Stack):
    """As good, but slower."""

    name, speed = "slow", 0.6
