"""The turns of recorded episodes as they were put to their seats.

Recorded replies are driven through the games again, which tells the tools that seats could call. Where a game cannot be
driven, for it was imported, or is another framework's, or has other rules now, events tell what its seats saw.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from clemsim.arena import Arena
from clemsim.engines.base import ChatMessage
from clemsim.engines.images import chat_messages
from clemsim.errors import ParserError, UsageError
from clemsim.game.events import Asked, Called, Continued, Event, Forgot, Instructed, Replied, Returned, Told
from clemsim.game.memory import remembered
from clemsim.game.messages import MODERATOR, SYSTEM, Message
from clemsim.game.tool_use import said
from clemsim.game.view import View
from clemsim.runs.prepare import recorded_arenas
from clemsim.runtime.model_agent import chat, chat_parts, put_system
from clemsim.runtime.tool_chat import native_message
from clemsim.store.description import RunDescription
from clemsim.store.folder import read_description
from clemsim.store.reader import EpisodeRow


class RecordedTurn(NamedTuple):
    """A reply, and the view that it answered. The view is right only until the next turn is taken."""

    reply: Replied
    view: View


def driven_turns(arena: Arena[Any], row: EpisodeRow, events: Sequence[Event], seed: int) -> Iterator[RecordedTurn]:
    """Yield the turns of an episode in the order of their replies. `seed`: that of the run.

    Raises ReplayMismatch where the game asks something else than it did.
    """
    driver = arena.drive(arena.load(row.data), row.key, seed)
    try:
        for event in events:
            if isinstance(event, Replied):
                pending = next((each for each in driver.pending if each.turn == event.turn), None)
                if pending is not None:
                    yield RecordedTurn(event, driver.view(pending))
            if isinstance(event, Asked | Replied):
                driver.replay([event])
    except ParserError:
        return  # the last reply of an unfinished episode
    finally:
        driver.close()


def told_turns(row: EpisodeRow, events: Sequence[Event]) -> Iterator[RecordedTurn]:
    """Yield the turns of an episode as its events tell them, without its game: views have no format and offer no tools.

    Raises UsageError for an episode in which tools were called.
    """
    seen: dict[str, list[Message]] = {}
    asked: dict[int, tuple[Asked, Message]] = {}
    for event in events:
        if isinstance(event, Called | Returned | Continued):
            raise UsageError(f"{row.key.label} calls tools, which only the version {row.version} of its rules can tell")
        own = seen.setdefault(getattr(event, "seat", ""), [])
        match event:
            case Asked():
                asked[event.turn] = event, Message(MODERATOR, event.content, parts=event.parts)
                own += [asked[event.turn][1]] if event.keep else []
            case Replied():
                ask, message = asked[event.turn]
                yield RecordedTurn(event, View(row.key, event.seat, event.turn, 0, None, own, len(own) - ask.keep, message))
                own += [said(event)] if ask.keep else []
            case Told(seat, content, echo):
                own += [Message(MODERATOR, content, parts=event.parts), *([Message(seat, echo)] if echo else [])]
            case Instructed(_, content):
                own.append(Message(SYSTEM, content))
            case Forgot(seat, keep, opening):
                seen[seat] = remembered(own, seat, keep, opening=opening)


@dataclass
class RecordedChats:
    """Turns of a run as they were sent to its models: the system text of the agent first, calls of tools as the run made
    them. `arenas`: by name.
    """

    base: sqlite3.Connection
    description: RunDescription
    arenas: Mapping[str, Arena[Any]]

    @classmethod
    def of(cls, folder: Path, base: sqlite3.Connection, *, trust: bool = False) -> RecordedChats:
        """Return those of the run in `folder`. `trust`: load whatever code it names. Raises StoreError and UsageError."""
        description = read_description(folder)
        arenas = {} if description.config.imported else recorded_arenas(folder, trust=trust)
        return cls(base, description, arenas)

    @cached_property
    def native(self) -> bool:
        """Whether any reply of the run called tools in the form of its server."""
        query = "SELECT 1 FROM events WHERE type = 'replied' AND json_extract(body, '$.calls') IS NOT NULL LIMIT 1"
        return self.base.execute(query).fetchone() is not None

    def turns(self, row: EpisodeRow, events: Sequence[Event]) -> Iterator[RecordedTurn]:
        """Yield the turns of an episode. Raises what `driven_turns` and `told_turns` raise."""
        arena = self.arenas.get(row.key.arena)
        if arena is None or arena.foreign or row.version != arena.rules_version:
            return told_turns(row, events)
        return driven_turns(arena, row, events, self.description.config.seed)

    def sent(self, view: View, agent: str) -> list[ChatMessage]:
        """Return what an agent was sent. Of pictures, the line that stands for them."""
        messages = chat(view, native=self._calls(view))
        system = self.description.agents.get(agent, {}).get("system")
        if system:
            put_system(messages, str(system))
        return messages

    def shown(self, view: View, agent: str) -> Sequence[Mapping[str, Any]]:
        """Return what an agent was sent, with the pictures in it."""
        messages = self.sent(view, agent)
        if not any(message.parts for message in view):
            return messages
        native = self._calls(view)
        before = len(messages) - len(chat(view, native=native))  # 1 where the agent's text is a message of its own
        return chat_messages(messages, {at + before: own for at, own in chat_parts(view, native=native).items()})

    def _calls(self, view: View) -> bool:
        return view.offer is not None and self.native

    def answer(self, reply: Replied) -> ChatMessage:
        """Return a reply as it stands in what is sent after it."""
        if getattr(reply, "calls", ()) and self.native:
            return native_message(said(reply))
        return {"role": "assistant", "content": reply.said}
