"""The outcome of an episode."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, get_args

from clemsim.errors import ArenaError

Kind = Literal["success", "failure", "aborted"]
KINDS = get_args(Kind)
ROUNDING = 1e-9  # by which a computed quality may miss its bounds


@dataclass(frozen=True, slots=True)
class Outcome:
    """Success, failure or aborted, with the reason and the seat to blame. `quality` (0..100) is the main score, which all
    seats share. `by_seat`: the score of each seat where a game is not one team's, on the game's own scale.
    """

    kind: Kind
    reason: str = ""
    blame: str | None = None
    quality: float | None = None
    by_seat: Mapping[str, float] | None = field(default=None, hash=False)

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
        if self.by_seat is not None:
            self._check_by_seat(self.by_seat, seats)

    def _check_by_seat(self, by_seat: object, seats: Collection[str]) -> None:
        if not isinstance(by_seat, Mapping) or not by_seat:
            raise ArenaError(
                f'the scores of an Outcome are given by seat, such as {{"red": 1, "yellow": 0}}, not {by_seat!r}'
            )
        if self.kind == "aborted":
            raise ArenaError("an aborted episode has no scores by seat: return Outcome.scores(...) where a seat forfeits")
        for seat, score in by_seat.items():
            if seat not in seats:
                raise ArenaError(f"the scores of an Outcome are of the seats {', '.join(seats)}, not of {seat!r}")
            if isinstance(score, bool) or not isinstance(score, int | float) or not isfinite(score):
                raise ArenaError(f"the score of seat {seat!r} is a finite number, not {score!r}")

    @property
    def shared(self) -> bool:
        """Whether the episode counts for all seats together: it was not scored by seat alone."""
        return self.by_seat is None or self.quality is not None

    @classmethod
    def scores(
        cls, by_seat: Mapping[str, float], *, quality: float | None = None, reason: str = "", kind: Kind = "success"
    ) -> Outcome:
        """Return the outcome of a game in which each seat has a score of its own, on any scale, higher is better; seats
        that play for nothing, such as a judge, have none. `quality` (0..100): what all of them have reached together; None
        where they have nothing in common, as in a zero-sum game, which is then in no Quality, clemscore or worth.
        """
        return cls(kind, reason, None, quality, by_seat)

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
