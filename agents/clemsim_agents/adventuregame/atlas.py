"""What a player of a text adventure remembers: rooms and the ways between them, where things are, what is closed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

_ROOM = re.compile(r"You are in an? (.+) now$")
_SEEN = re.compile(r"There (?:is|are) (an? .+)$")
_WAYS = re.compile(r"There (?:is a passage|are passages) to (an? .+) here$")
_STATE = re.compile(r"The (.+) is (open|closed)(?: now)?$")
_PLACE = re.compile(r"The (.+) is (in|on) the (.+)$")
_TAKEN = re.compile(r"You take the (.+)$")
_PUT = re.compile(r"You put the (.+?) (in|into|on) the (.+)$")
_DROPPED = re.compile(r"You drop the (.+) on the floor$")
_SENTENCE = re.compile(r"(?<=[.:!])\s+")


@dataclass(slots=True)
class Atlas:
    """A player's memory. Things are named as players call them."""

    room: str = ""
    ways: dict[str, list[str]] = field(default_factory=dict)  # of the rooms that were visited
    rooms: dict[str, str] = field(default_factory=dict)  # of things
    holders: dict[str, tuple[str, str]] = field(default_factory=dict)  # what things are in or on
    closed: set[str] = field(default_factory=set)
    carried: list[str] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Remember what a text tells."""
        for sentence in _SENTENCE.split(text):
            self._sentence(sentence.strip().removesuffix("."))

    def is_here(self, thing: str) -> bool:
        """Return whether a thing is in the room, and not in hand."""
        return self.rooms.get(thing) == self.room and thing not in self.carried

    def unknown(self) -> list[str]:
        """Return the rooms that ways lead to and that were not visited."""
        return [other for ways in self.ways.values() for other in ways if other not in self.ways]

    def way_to(self, rooms: Collection[str]) -> str | None:
        """Return the next room on a shortest way to the nearest of some rooms; None where none is known or it is here."""
        queue, first = deque([self.room]), {self.room: ""}
        while queue:
            room = queue.popleft()
            if room in rooms:
                return first[room] or None
            for other in self.ways.get(room, ()):
                if other not in first:
                    first[other] = first[room] or other
                    queue.append(other)
        return None

    def _sentence(self, sentence: str) -> None:
        patterns: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], None]], ...] = (
            (_ROOM, self._enter),
            (_WAYS, self._lead),
            (_SEEN, self._see),
            (_STATE, self._state),
            (_PLACE, self._place),
            (_TAKEN, self._take),
            (_PUT, self._put),
            (_DROPPED, self._drop),
        )
        for pattern, remember in patterns:
            if match := pattern.match(sentence):
                remember(match)
                return

    def _enter(self, match: re.Match[str]) -> None:
        self.room = match[1]
        self.ways.setdefault(self.room, [])

    def _lead(self, match: re.Match[str]) -> None:
        self.ways[self.room] = names(match[1])

    def _see(self, match: re.Match[str]) -> None:
        self.rooms.update(dict.fromkeys(names(match[1]), self.room))

    def _state(self, match: re.Match[str]) -> None:
        (self.closed.add if match[2] == "closed" else self.closed.discard)(match[1])

    def _place(self, match: re.Match[str]) -> None:
        self.holders[match[1]] = match[2], match[3]
        self.rooms.setdefault(match[1], self.room)

    def _take(self, match: re.Match[str]) -> None:
        self.holders.pop(match[1], None)
        self.carried.append(match[1])

    def _put(self, match: re.Match[str]) -> None:
        self._leave(match[1])
        self.holders[match[1]] = match[2].removesuffix("to"), match[3]

    def _drop(self, match: re.Match[str]) -> None:
        self._leave(match[1])
        self.holders[match[1]] = "on", "floor"

    def _leave(self, thing: str) -> None:
        self.rooms[thing] = self.room
        if thing in self.carried:
            self.carried.remove(thing)


def names(listed: str) -> list[str]:
    """Return the names in `a table, a chair and a bed`."""
    return [re.sub(r"^an? ", "", name) for name in re.split(r", | and ", listed)]
