"""Agents: given what a seat sees, they say something. They hold no conversation, so one serves thousands of
episodes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, overload

from clemsim.formats import Format
from clemsim.instances import EpisodeKey
from clemsim.loads import Load
from clemsim.messages import Message
from clemsim.opening import Openable


@dataclass(slots=True, eq=False)  # not frozen: one is made for every turn, and freezing costs more than making
class View(Sequence[Message]):
    """The messages that one seat has seen, in order; the last one is the ask it must answer.

    It shares the episode's growing list and remembers how much of it was there, so that making one costs nothing.
    """

    key: EpisodeKey
    seat: str
    turn: int
    seed: int
    format: Format | None
    seen: Sequence[Message]
    size: int
    ask: Message

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


class Agent(Openable, ABC):
    """Something that can take a seat. `width`: how many replies it gives at once; None: as many as wanted.

    `adaptive`: that width is only where to begin; what is best is found while playing. `requests`: whether a reply takes a
    request to a model, which limits count.
    """

    name: str
    width: int | None = None
    adaptive: bool = False
    requests: bool = False

    @abstractmethod
    async def reply(self, view: View) -> Message:
        """Answer the last message of the view."""

    async def load(self) -> Load | None:
        """How busy its servers are now, as they say themselves; None where they don't."""
        return None

    def check(self, arena: str, seats: Sequence[str]) -> None:
        """Raise UsageError if it can't take these seats of this arena."""

    def describe(self) -> dict[str, Any]:
        """What a run writes down about it: model, sampling and the like; never a secret."""
        return {"name": self.name}


@dataclass(frozen=True, slots=True)
class Cast:
    """Which agent sits in which seat. `name` tells casts of one run apart."""

    name: str
    default: Agent | None
    seats: Mapping[str, Agent]

    @classmethod
    def of(cls, agents: Agent | Mapping[str, Agent] | Cast) -> Cast:
        """One agent in every seat, or one for each seat."""
        if isinstance(agents, Cast):
            return agents
        if isinstance(agents, Agent):
            return cls(agents.name, agents, {})
        name = ",".join(f"{seat}={agent.name}" for seat, agent in agents.items())
        return cls(name, None, dict(agents))

    def agent(self, seat: str) -> Agent | None:
        """Who sits there; None if the seat is empty."""
        return self.seats.get(seat, self.default)

    @property
    def agents(self) -> list[Agent]:
        """Everyone in it, once each."""
        everyone = ([self.default] if self.default else []) + list(self.seats.values())
        return list(dict.fromkeys(everyone))
