"""Service level objectives: upper limits for turns and conversations, written as `ttft=500ms,turn=5s`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clemsim.errors import UsageError
from clemsim.stress.plan.durations import parse_duration

# What can be limited: ttft, from the moment a turn is due to its first token; itl, the longest pause between two tokens of
# a turn; tpot, the mean time per output token after the first; turn, from the moment a turn is due to its last token;
# conversation, from the first moment of a conversation to its last.
LIMITS = ("ttft", "itl", "tpot", "turn", "conversation")


@dataclass(frozen=True, slots=True)
class Slo:
    """Upper limits in seconds by name. A failed turn meets none of them."""

    limits: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Slo:
        """Read limits such as `ttft=500ms,turn=5s`. Raise UsageError for an unknown or repeated limit and for a bad time."""
        limits: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = part.partition("=")
            if name not in LIMITS or name in limits:
                raise UsageError(f"--slo {part}: limit each of {', '.join(LIMITS)} once, as in ttft=500ms,turn=5s")
            limits[name] = parse_duration(value, f"--slo {name}")
        return cls(limits)

    def is_met(self, values: Mapping[str, float | None]) -> bool:
        """Return whether `values` (seconds by name) meet every limit; a value that is missing or None meets its limit."""
        return all((value := values.get(name)) is None or value <= limit for name, limit in self.limits.items())

    @property
    def limits_turns(self) -> bool:
        """Return whether any limit is on single turns."""
        return any(name != "conversation" for name in self.limits)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds * 1000:g} ms" for name, seconds in self.limits.items())
