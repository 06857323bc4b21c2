"""The outcome of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["success", "failure", "aborted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Success, failure or aborted, with the reason and the seat to blame. `quality` (0..100) is the main score."""

    kind: Kind
    reason: str = ""
    blame: str | None = None
    quality: float | None = None

    @classmethod
    def success(cls, quality: float = 100.0, reason: str = "") -> Outcome:
        """Return the outcome of a game that was won, with this quality."""
        return cls("success", reason, None, quality)

    @classmethod
    def failure(cls, reason: str, *, blame: str | None = None, quality: float = 0.0) -> Outcome:
        """Return the outcome of a game that was played to its end and lost; some games give points for that."""
        return cls("failure", reason, blame, quality)

    @classmethod
    def aborted(cls, reason: str, *, blame: str) -> Outcome:
        """Return the outcome of a game in which a seat broke the rules of form; there is no quality."""
        return cls("aborted", reason, blame, None)
