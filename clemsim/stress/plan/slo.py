"""What a turn or a conversation should not take longer than, as `ttft=500ms,turn=5s`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from clemsim.errors import UsageError

# What can be limited, and what it is.
LIMITS = {
    "ttft": "from the moment a turn is due to its first token",
    "itl": "the longest pause between two tokens of a turn",
    "tpot": "the mean time per output token after the first",
    "turn": "from the moment a turn is due to its last token",
    "conversation": "from the first moment to the last of a conversation",
}
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(us|ms|s|min|m|h|)")


def duration(text: str, of: str) -> float:
    """Seconds out of `80ms`, `1.5s`, `2m`, `8h`; a bare number is seconds. Raises UsageError, naming what it is `of`."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{of} {text}: give a time such as 500ms, 5s, 2m or 8h")
    return float(found[1]) * _UNITS[found[2]]


@dataclass(frozen=True, slots=True)
class Slo:
    """Upper limits in seconds by name. A turn that fails keeps none of them."""

    limits: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Slo:
        """Out of `ttft=500ms,turn=5s`. Raises UsageError."""
        limits: dict[str, float] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            name, _, value = part.partition("=")
            if name not in LIMITS or name in limits:
                raise UsageError(f"--slo {part}: limit each of {', '.join(LIMITS)} once, as in ttft=500ms,turn=5s")
            limits[name] = duration(value, f"--slo {name}")
        return cls(limits)

    def kept(self, values: Mapping[str, float | None]) -> bool:
        """Whether these seconds keep every limit that they are subject to; None: there was nothing to limit."""
        return all((value := values.get(name)) is None or value <= limit for name, limit in self.limits.items())

    @property
    def of_turns(self) -> bool:
        """Whether it says anything about single turns."""
        return any(name != "conversation" for name in self.limits)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds * 1000:g} ms" for name, seconds in self.limits.items())
