"""Faults of a simulated server, on purpose."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Literal

from clemsim.engines.simulated.answers import Body
from clemsim.errors import UsageError

LATE = 5.0  # seconds that a stalled response is late

Fault = Literal["", "busy", "error", "reset", "stall", "cut"]
_FAULTS: tuple[Fault, ...] = ("busy", "error", "reset", "stall", "cut")


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests (0..1) that meet each fault."""

    busy: float = 0.0  # turned away with 503
    error: float = 0.0  # 500
    reset: float = 0.0  # the connection is dropped
    stall: float = 0.0  # the response comes late
    cut: float = 0.0  # a stream ends in the middle
    other: int | None = None  # while more requests than this are inside, every third answer is another one, and worse

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Faults:
        """Read `busy=0.05`, `other-answers=8` and so on. Raises UsageError."""
        names = {field.name for field in fields(cls)}
        values: dict[str, float] = {}
        for text in texts:
            name, _, value = text.partition("=")
            name = "other" if name == "other-answers" else name
            if name not in names:
                raise UsageError(f"--fault {text}: choose one of busy, error, reset, stall, cut, other-answers")
            try:
                values[name] = int(value) if name == "other" else float(value)
            except ValueError:
                values[name] = -1
            if values[name] < 0 or (name != "other" and values[name] > 1):
                raise UsageError(f"--fault {text}: give a share as in busy=0.05, or other-answers=REQUESTS")
        return cls(**values)  # type: ignore[arg-type]

    def draw(self, dice: random.Random) -> Fault:
        """Return the fault that a request meets; empty: none."""
        draw = dice.random()
        for name in _FAULTS:
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return ""


def other_answer(answer: str, body: Body) -> str:
    """Return another answer for every third request, with its words in reverse order or other digits; else `answer`."""
    dice = random.Random(blake2b(f"{body.get('seed')} {body['messages'][-1]['content']}".encode()).digest())
    if dice.random() < 2 / 3:
        return answer
    if dice.random() < 0.5:
        return " ".join(reversed(answer.split()))
    return "".join(str(9 - int(char)) if char.isdecimal() and char.isascii() else char for char in answer)
