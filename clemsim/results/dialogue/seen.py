"""What one seat of an episode saw: the conversation as its model got it, with what it forgot marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clemsim.game.content import Part, Text, as_text, joined_parts
from clemsim.game.events import Asked, Continued, Event, Forgot, Instructed, Replied, Returned, Told
from clemsim.game.memory import remembered
from clemsim.game.messages import MODERATOR, SYSTEM, TOOL, Message
from clemsim.game.tool_calls import ToolCall
from clemsim.game.tool_use import said, seen_result
from clemsim.results.dialogue.model import Dialogue


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message of the conversation of a seat, as a chat has it: `role` is "system", "user", "assistant" or "tool".

    What the seat was told without a reply joins what it was asked next, as it does where it is sent to a model. `turn`: the
    turn that it belongs to, the last one where several messages were joined; 0: none yet. `forgotten_after`: the last turn
    in which the seat saw it; None: it still sees it. `aside`: the seat saw it in its own turn alone, after the rest.
    `calls`: the calls of tools of a reply; of a message of role "tool", the call whose result it is.
    """

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part, ...]
    turn: int = 0
    forgotten_after: int | None = None
    aside: bool = False
    calls: tuple[ToolCall, ...] = ()

    @property
    def text(self) -> str:
        """The parts as one text, in which a line stands for each picture."""
        return as_text(self.parts)

    @property
    def said(self) -> str:
        """The text, and the calls of a reply in the written form."""
        calls = self.calls if self.role == "assistant" else ()
        return "\n".join([*([self.text] if self.text or not calls else ()), *(call.written for call in calls)])


@dataclass(slots=True)
class _Entry:
    message: Message
    turn: int
    aside: bool = False
    forgotten_after: int | None = None


def what_seat_saw(dialogue: Dialogue, seat: str) -> list[SeenMessage]:
    """Return the conversation of a seat so far; what a model that writes its calls is told of its tools is not recorded.

    Raises KeyError where there is no such seat.
    """
    entries = _entries(dialogue.events, seat)
    own = dialogue.seat(seat).system
    agents_text = [SeenMessage("system", (Text(own),))] if own else []
    return _joined([*agents_text, *(_seen(entry, seat) for entry in entries)])


def _entries(events: Iterable[Event], seat: str) -> Sequence[_Entry]:
    """Return all messages that the seat has seen, in order. Made as the driver of an episode makes them."""
    groups: list[list[_Entry]] = []  # one for each message, and one for each exchange aside
    apart: dict[int, list[_Entry]] = {}  # the latter by turn: several may be asked at once, and are answered later
    seen: list[Message] = []  # what the seat sees now
    turn, asides = 0, set[int]()

    def add(message: Message, of: int, *, aside: bool = False) -> None:
        entry = _Entry(message, of, aside)
        if aside and of in apart:
            apart[of].append(entry)
            return
        groups.append([entry])
        if aside:
            apart[of] = groups[-1]
        else:
            seen.append(message)

    for event in events:
        if getattr(event, "seat", None) != seat:
            continue
        match event:
            case Asked():
                turn = event.turn
                asides |= set() if event.keep else {turn}
                if event.content or not isinstance(event, Continued):
                    add(Message(MODERATOR, event.content, parts=event.parts), turn, aside=not event.keep)
            case Replied():
                add(said(event), event.turn, aside=event.turn in asides)
            case Returned():
                add(seen_result(event), event.turn, aside=not event.keep)
            case Told(_, content, echo):
                add(Message(MODERATOR, content, parts=event.parts), turn)
                if echo:
                    add(Message(seat, echo), turn)
            case Instructed(_, content):
                add(Message(SYSTEM, content), turn)
            case Forgot(_, keep, opening):
                seen = remembered(seen, seat, keep, opening=opening)
                _mark((group[0] for group in groups), seen, turn)
    return [entry for group in groups for entry in group]


def _mark(entries: Iterable[_Entry], seen: Iterable[Message], turn: int) -> None:
    """Mark what is no longer seen after a turn."""
    left = {id(message) for message in seen}
    for entry in entries:
        if not entry.aside and entry.forgotten_after is None and id(entry.message) not in left:
            entry.forgotten_after = turn


def _seen(entry: _Entry, seat: str) -> SeenMessage:
    message = entry.message
    author = message.author
    role: Literal["system", "user", "assistant", "tool"]
    role = "assistant" if author == seat else "system" if author == SYSTEM else "tool" if author == TOOL else "user"
    parts = message.parts or (Text(message.content),)
    return SeenMessage(role, tuple(parts), entry.turn, entry.forgotten_after, entry.aside, message.calls)


def _joined(messages: Iterable[SeenMessage]) -> list[SeenMessage]:
    """Join what is one message where it is sent."""
    joined: list[SeenMessage] = []
    for message in messages:
        before = joined[-1] if joined else None
        if before is not None and _are_one(before, message):
            parts = tuple(joined_parts([before.parts, message.parts]))
            joined[-1] = replace(before, parts=parts, turn=message.turn)
        else:
            joined.append(message)
    return joined


def _are_one(before: SeenMessage, after: SeenMessage) -> bool:
    if before.aside and before.turn != after.turn:  # of two asides neither knows of the other
        return False
    alike = (before.role, before.forgotten_after, before.aside) == (after.role, after.forgotten_after, after.aside)
    return alike and before.role != "tool" and not before.calls and not after.calls
