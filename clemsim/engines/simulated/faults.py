"""What goes wrong at a simulated server, on purpose."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import blake2b

from clemsim.engines.simulated.answers import Body
from clemsim.errors import UsageError

LATE = 5.0  # seconds that a stalled answer is late


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests (0..1) that meet each fault. `other`: with more requests than so many inside, every third
    answer is another one than it would have been, and worse.
    """

    busy: float = 0.0  # turned away with 503
    error: float = 0.0  # 500
    reset: float = 0.0  # the connection is dropped
    stall: float = 0.0  # the answer comes late
    cut: float = 0.0  # a stream ends in the middle
    other: int | None = None

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Faults:
        """Out of `busy=0.05`, `other-answers=8` and so on. Raises UsageError."""
        found: dict[str, float] = {}
        for text in texts:
            name, _, value = text.partition("=")
            name = "other" if name == "other-answers" else name
            if name not in {each.name for each in fields(cls)}:
                raise UsageError(f"--fault {text}: choose of busy, error, reset, stall, cut, other-answers")
            try:
                found[name] = int(value) if name == "other" else float(value)
            except ValueError:
                found[name] = -1
            if found[name] < 0 or (name != "other" and found[name] > 1):
                raise UsageError(f"--fault {text}: give a share as in busy=0.05, or other-answers=REQUESTS")
        return cls(**found)  # type: ignore[arg-type]

    def draw(self, dice: random.Random) -> str:
        """The fault that a request meets; empty: none."""
        draw = dice.random()
        for name in ("busy", "error", "reset", "stall", "cut"):
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return ""


def other_answer(said: str, body: Body) -> str:
    """What is said instead of this: for every third request the words in another order, or other digits."""
    dice = random.Random(blake2b(f"{body.get('seed')} {body['messages'][-1]['content']}".encode()).digest())
    if dice.random() < 2 / 3:
        return said
    if dice.random() < 0.5:
        return " ".join(reversed(said.split()))
    return "".join(str(9 - int(char)) if char.isdecimal() and char.isascii() else char for char in said)
