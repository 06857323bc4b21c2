"""What was said in an episode, in its order, as exports to other tools tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clemsim.game.events import Asked, Event, Instructed, Replied, Told


class Spoken(NamedTuple):
    """A message: its role in a chat, the seat that it was told to or said by, its text, and what was thought before it."""

    role: str
    seat: str
    text: str
    reasoning: str = ""


def spoken(events: Sequence[Event]) -> Iterator[Spoken]:
    """Yield what seats were told, asked and replied."""
    for event in events:
        if isinstance(event, Replied):
            yield Spoken("assistant", event.seat, event.content, event.reasoning)
        elif isinstance(event, Told | Asked | Instructed):
            yield Spoken("system" if isinstance(event, Instructed) else "user", event.seat, event.content)
