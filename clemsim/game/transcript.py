"""Transcripts: the events of an episode in order, the only source of truth for every score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from clemsim.game.events import (
    Asked,
    AskedParts,
    Called,
    Continued,
    ContinuedParts,
    Ended,
    Event,
    Noted,
    Parsed,
    Rejected,
    Replied,
    Returned,
    Scored,
)
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome

I_co = TypeVar("I_co", bound=Instance, covariant=True)


@dataclass(frozen=True, slots=True)
class Turn:
    """One ask and the message that answers it; exactly one of `parsed` and `rejected` is there once it was judged, or there
    are the results of the calls after which the seat went on.
    """

    asked: Asked
    replied: Replied
    parsed: Parsed | None = None
    rejected: Rejected | None = None
    returned: tuple[Returned, ...] = ()

    @property
    def seat(self) -> str:
        """The seat that was asked."""
        return self.asked.seat

    @property
    def move(self) -> Any:
        """The move, None where the reply was none."""
        return None if self.parsed is None else self.parsed.move


@dataclass(frozen=True)
class Transcript(Generic[I_co]):
    """All that happened in an episode. Scores look at its turns many times, so they are put together once."""

    key: EpisodeKey
    instance: I_co
    events: tuple[Event, ...]

    @property
    def outcome(self) -> Outcome | None:
        """The outcome; None while unfinished."""
        last = self.events[-1] if self.events else None
        if not isinstance(last, Ended):
            return None
        before = self.events[-2] if len(self.events) > 1 else None
        return replace(last.outcome, by_seat=before.by_seat) if isinstance(before, Scored) else last.outcome

    @cached_property
    def turns(self) -> Sequence[Turn]:
        """The answered turns in order, with what became of each reply."""
        asked: dict[int, Any] = {}
        replied: dict[int, Any] = {}
        parsed: dict[int, Any] = {}
        rejected: dict[int, Any] = {}
        returned: dict[int, tuple[Returned, ...]] = {}
        by_kind = {Asked: asked, Replied: replied, Parsed: parsed, Rejected: rejected}
        by_kind |= {AskedParts: asked, Continued: asked, ContinuedParts: asked, Called: replied}
        for event in self.events:
            if (by_turn := by_kind.get(type(event))) is not None:
                by_turn[event.turn] = event  # type: ignore[union-attr]
            elif isinstance(event, Returned):
                returned[event.turn] = (*returned.get(event.turn, ()), event)
        return [
            Turn(asked[turn], reply, parsed.get(turn), rejected.get(turn), returned.get(turn, ()))
            for turn, reply in replied.items()
        ]

    def calls(self, seat: str | None = None) -> list[Returned]:
        """Return the calls of tools with their results, in order; those of one seat where it is named."""
        return [event for event in self.events if isinstance(event, Returned) and seat in (None, event.seat)]

    def moves(self, seat: str) -> list[Any]:
        """Return the moves of a seat in order."""
        return [turn.move for turn in self.turns if turn.seat == seat and turn.parsed is not None]

    def notes(self, key: str) -> Iterator[Any]:
        """Return the values noted under a key, in order."""
        return (event.value for event in self.events if isinstance(event, Noted) and event.key == key)
