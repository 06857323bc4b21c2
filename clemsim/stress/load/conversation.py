"""One conversation of a stress test: an episode whose every turn is due at some moment, and is timed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic
from types import TracebackType

from clemsim.errors import EngineError, LimitReached
from clemsim.game.events import Event
from clemsim.game.messages import Message
from clemsim.game.slot import UNSCHEDULED, TurnSlot
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.stress.measure.collector import Collector
from clemsim.stress.plan.guardrails import Budget

OVERFLOW = "context overflow"


class Over(LimitReached):
    """The stress test is over: no more turns begin."""

    def __init__(self) -> None:
        super().__init__("the stress test is over", "over")


class Room:
    """What all conversations share."""

    def __init__(self, collector: Collector, budget: Budget) -> None:
        self.collector = collector
        self.budget = budget
        self.closing = False
        self.pending: dict[TimedTurn, None] = {}


class Conversation:
    """Hosts one episode. `think` gives the seconds before its next turn; times are monotonic seconds."""

    def __init__(self, room: Room, due: float, think: Callable[[], float]) -> None:
        self.room = room
        self.ended = due
        self.first = True
        self.timed: TimedTurn | None = None
        self._think = think

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Wait until the turn is due."""
        due = self.ended
        if agent.requests and not self.first:
            due += self._think()
        self.first = self.first and not agent.requests
        return TimedTurn(self, due, requests=agent.requests)

    def record(self, index: int, events: list[Event]) -> None:
        """Transcripts are not kept."""

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Count a turn. It is the one that ended last: nothing was awaited since."""
        usage, timed = message.usage, self.timed
        if usage is None or timed is None:
            return
        heard = usage.timing
        self.ended = max(self.ended, heard.ended if heard else monotonic())
        if message.stop == "overflow":
            self.room.collector.failed(timed.due, OVERFLOW)
        else:
            self.room.collector.turn(timed.due, usage)


class TimedTurn:
    """A turn on its way."""

    __slots__ = ("_conversation", "_requests", "due")

    def __init__(self, conversation: Conversation, due: float, *, requests: bool) -> None:
        self._conversation = conversation
        self._requests = requests
        self.due = due

    async def __aenter__(self) -> TurnSlot:
        if not self._requests:
            return UNSCHEDULED
        wait = self.due - monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        room = self._conversation.room
        if room.closing:
            raise Over
        room.budget.take()
        room.pending[self] = None
        room.collector.flying(1)
        return UNSCHEDULED

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._requests:
            return
        conversation = self._conversation
        conversation.timed = self
        collector = conversation.room.collector
        collector.flying(-1)
        if not isinstance(error, asyncio.CancelledError):
            del conversation.room.pending[self]
        if isinstance(error, EngineError):
            collector.failed(self.due, error.cause)
