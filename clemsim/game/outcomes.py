"""The outcome of an episode."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from clemsim.errors import ArenaError

Kind = Literal["success", "failure", "aborted"]
KINDS = get_args(Kind)
ROUNDING = 1e-9  # by which a computed quality may miss its bounds


@dataclass(frozen=True, slots=True)
class Outcome:
    """Success, failure or aborted, with the reason and the seat to blame. `quality` (0..100) is the main score."""

    kind: Kind
    reason: str = ""
    blame: str | None = None
    quality: float | None = None

    def check(self, seats: Collection[str]) -> None:
        """Raise ArenaError unless this is an outcome that a game with these seats may have."""
        if self.kind not in KINDS:
            raise ArenaError(f"the kind of an Outcome is success, failure or aborted, not {self.kind!r}")
        if not isinstance(self.reason, str):
            raise ArenaError(f"the reason of an Outcome is text, not {self.reason!r}")
        if self.blame is not None and self.blame not in seats:
            raise ArenaError(f"the blame of an Outcome is one of the seats {', '.join(seats)}, not {self.blame!r}")
        if self.quality is not None and not _is_quality(self.quality):
            raise ArenaError(f"the quality of an Outcome is a number from 0 to 100, not {self.quality!r}")

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


def _is_quality(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -ROUNDING <= value <= 100 + ROUNDING
