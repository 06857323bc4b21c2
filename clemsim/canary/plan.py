"""What a canary plays: its two arms, margins and budget."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from clemsim.engines.connect import NetworkOptions
from clemsim.errors import UsageError
from clemsim.store.config import RunConfig
from clemsim.store.folder import CONFIG

_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h)")


@dataclass(frozen=True, slots=True)
class CanaryBudget:
    """What a canary may spend: pairs of episodes, and seconds; None: no limit."""

    pairs: int | None = 200
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """What a canary plays. `before`: the folder of a recorded run that stands for A; `config` then is that of B's run.

    `config` names one agent for each arm that is played, A's first; with `load` one, which is played alone and with so many
    conversations at once. `width`: turns of each arm in flight. `margin` in points; `speed_margin`: a ratio above 1, None:
    speed is not looked at.
    """

    config: RunConfig
    before: Path | None = None
    load: int | None = None
    width: int = 8
    margin: float = 10.0
    speed_margin: float | None = 1.2
    budget: CanaryBudget = field(default_factory=CanaryBudget)
    network: NetworkOptions = field(default_factory=NetworkOptions)


def parse_budget(text: str) -> CanaryBudget:
    """Return the budget of `200` (pairs), `15m` (time) or `200,15m`. Raises UsageError."""
    pairs: int | None = None
    seconds: float | None = None
    for part in text.replace(" ", "").split(","):
        if match := _TIME.fullmatch(part):
            seconds = float(match[1]) * _UNITS[match[2]]
        elif part.isascii() and part.isdecimal() and len(part) <= 6:
            pairs = int(part)
        else:
            raise UsageError(f"--budget {text}: give pairs of episodes (200), a time (15m), or both (200,15m)")
    if pairs == 0 or seconds == 0:
        raise UsageError(f"--budget {text}: nothing can be played with that")
    return CanaryBudget(pairs, seconds)


def is_run(text: str) -> bool:
    """Return whether an argument names the folder of a run, and not an agent."""
    return (Path(text) / CONFIG).is_file()
