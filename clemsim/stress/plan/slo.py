"""Service level objectives: upper limits for turns and conversations, as the field writes them (`ttft:200 e2el:3000`) or
with units (`ttft=500ms,turn=5s`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from clemsim.errors import UsageError
from clemsim.stress.plan.durations import parse_duration

# What can be limited: ttft, from the moment a turn is due to its first token; itl, the longest pause between two tokens of
# a turn; tpot, the mean time per output token after the first; ntpot, the whole turn by output token; turn, from the moment
# a turn is due to its last token; conversation, from the first moment of a conversation to its last.
LIMITS = ("ttft", "itl", "tpot", "ntpot", "turn", "conversation")
ALIASES = {"e2el": "turn", "request_latency": "turn"}  # of vLLM and guidellm; of inference-perf
HOW = "as in ttft:200 tpot:30 e2el:3000 (milliseconds) or ttft=500ms,turn=5s"

_LIMIT = re.compile(r"([a-z0-9_]+)\s*([:=])\s*(\S*)")


@dataclass(frozen=True, slots=True)
class Slo:
    """Upper limits in seconds by name. A failed turn meets none of them."""

    limits: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Slo:
        """Read limits separated by blanks or commas: `name:number` in milliseconds, or `name=time` with a unit.

        Raises UsageError for an unknown or repeated limit, for a bad time, and for a bare number behind `=`.
        """
        limits: dict[str, float] = {}
        for part in filter(None, re.split(r"[,\s]+", text.strip())):
            match = _LIMIT.fullmatch(part)
            name = ALIASES.get(match[1], match[1]) if match else ""
            if not match or name not in LIMITS or name in limits:
                raise UsageError(f"--slo {part}: limit each of {', '.join(LIMITS)} (e2el: turn) once, {HOW}")
            limits[name] = _seconds(part, match[2], match[3])
        return cls(limits)

    def judge(self, values: Mapping[str, float | None]) -> bool | None:
        """Return whether `values` (seconds by name) meet every limit on turns; None where none is broken and one of them
        cannot be measured, as the time per token of a reply of one token.
        """
        found = [values.get(name) for name in self.limits if name != "conversation"]
        limits = [limit for name, limit in self.limits.items() if name != "conversation"]
        if any(value is not None and value > limit for value, limit in zip(found, limits, strict=True)):
            return False
        return None if None in found else True

    def keeps_conversation(self, seconds: float) -> bool:
        """Return whether a conversation that lasted so long meets its limit."""
        limit = self.limits.get("conversation")
        return limit is None or seconds <= limit

    @property
    def limits_turns(self) -> bool:
        """Return whether any limit is on single turns."""
        return any(name != "conversation" for name in self.limits)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds * 1000:g} ms" for name, seconds in self.limits.items())


def _seconds(part: str, sign: str, value: str) -> float:
    if sign == ":" and re.fullmatch(r"\d+(\.\d+)?|\.\d+", value):
        return float(value) / 1000
    if re.fullmatch(r"[\d.]+", value):
        raise UsageError(
            f"--slo {part}: a bare number has no unit: write {part}ms, {part}s, or {part.replace('=', ':')} for ms"
        )
    return parse_duration(value, f"--slo {part.partition(sign)[0]}")
