"""What one seat sees of an episode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import overload

from clemsim.game.formats import Format
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.slot import UNSCHEDULED, TurnSlot
from clemsim.game.tools import Offer


@dataclass(slots=True, eq=False)  # not frozen: one is made for every turn, and freezing costs more than making
class View(Sequence[Message]):
    """The messages that one seat has seen, in order; the last one is the ask it must answer.

    It shares the episode's growing list and remembers how much of it was there, so that making one costs nothing.
    `slot` is what the turn holds among those in flight, once it is admitted. `sampling`: what the game fixes for the seat.
    `offer`: the tools that the seat may call; after calls, the last message is the result of one of them.
    """

    key: EpisodeKey
    seat: str
    turn: int
    seed: int
    format: Format | None
    seen: Sequence[Message]
    size: int
    ask: Message
    slot: TurnSlot = UNSCHEDULED
    sampling: SeatSampling | None = None
    offer: Offer | None = None

    def __len__(self) -> int:
        return self.size + 1

    @property
    def kept(self) -> bool:
        """Whether the seat will remember this ask and its reply."""
        return len(self.seen) > self.size

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = index + len(self) if index < 0 else index
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.ask if index == self.size else self.seen[index]

    def __iter__(self) -> Iterator[Message]:
        yield from islice(self.seen, self.size)
        yield self.ask
