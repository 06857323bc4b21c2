"""The turns of recorded episodes as they were put to their seats: recorded replies are driven through the games again."""

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
from clemsim.game.events import Asked, Event, Replied
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


def recorded_turns(arena: Arena[Any], row: EpisodeRow, events: Sequence[Event], seed: int) -> Iterator[RecordedTurn]:
    """Yield the turns of an episode in the order in which they were asked. `seed`: that of the run.

    Raises UsageError for an episode of other rules, and ReplayMismatch where the game asks something else than it did.
    """
    if row.version != arena.rules_version:
        raise UsageError(
            f"episode {row.id} was played by version {row.version} of the rules of {row.key.arena}, which is"
            f" {arena.rules_version} now: export it with the version of the game that played it"
        )
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
        return cls(base, read_description(folder), recorded_arenas(folder, trust=trust))

    @cached_property
    def native(self) -> bool:
        """Whether any reply of the run called tools in the form of its server."""
        query = "SELECT 1 FROM events WHERE type = 'replied' AND json_extract(body, '$.calls') IS NOT NULL LIMIT 1"
        return self.base.execute(query).fetchone() is not None

    def turns(self, row: EpisodeRow, events: Sequence[Event]) -> Iterator[RecordedTurn]:
        """Yield the turns of an episode. Raises what `recorded_turns` raises, and StoreError."""
        return recorded_turns(row.of(self.arenas), row, events, self.description.config.seed)

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
