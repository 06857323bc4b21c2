"""One conversation of a stress test: an episode whose every turn is due at a known moment, and is timed."""

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

OVERFLOW = "context overflow"  # a cause of failed turns


class StressTestOver(LimitReached):
    """The stress test is over: no more turns begin."""

    def __init__(self) -> None:
        super().__init__("the stress test is over", "over")


class LoadState:
    """The state that all conversations share. No turn begins while it is `closing`; `pending` are the turns in flight."""

    def __init__(self, collector: Collector, budget: Budget) -> None:
        self.collector = collector
        self.budget = budget
        self.closing = False
        self.pending: dict[TimedTurn, None] = {}


class Conversation:
    """The host of one episode. Moments are monotonic seconds."""

    def __init__(self, state: LoadState, due: float, think: Callable[[], float], model: str = "") -> None:
        """Begin a conversation that is `due` at a moment; `think` gives the seconds before each turn but the first, `model`
        is the name of the cast that it is counted for.
        """
        self.state = state
        self.model = model
        self.ended = due
        self.first = True
        self.due: float | None = None  # when the turn was due that ended last
        self._think = think

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Return a turn that waits until it is due."""
        due = self.ended
        if agent.requests and not self.first:
            due += self._think()
        self.first = self.first and not agent.requests
        return TimedTurn(self, due, requests=agent.requests)

    def record(self, index: int, events: list[Event]) -> None:
        """Keep nothing: a stress test has no transcripts."""

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Count the turn that ended last. It is the turn of this message, because nothing was awaited since."""
        self.count(message)

    def count(self, message: Message) -> None:
        """Count the turn that ended last, which brought this message."""
        usage, due = message.usage, self.due
        if usage is None or due is None:
            return
        timing = usage.timing
        self.ended = max(self.ended, timing.ended if timing else monotonic())
        if message.stop == "overflow":
            self.state.collector.add_failure(due, OVERFLOW, self.model)
        else:
            self.state.collector.add_turn(due, usage, message.stop, self.model)


class TimedTurn:
    """A turn in flight, which was due at `due`."""

    __slots__ = ("_conversation", "_requests", "due")

    def __init__(self, conversation: Conversation, due: float, *, requests: bool) -> None:
        self._conversation = conversation
        self._requests = requests
        self.due = due

    @property
    def model(self) -> str:
        """Return the name of the cast that the turn is counted for."""
        return self._conversation.model

    async def __aenter__(self) -> TurnSlot:
        if not self._requests:
            return UNSCHEDULED
        wait = self.due - monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        state = self._conversation.state
        if state.closing:
            raise StressTestOver
        state.budget.take_request()
        state.pending[self] = None
        state.collector.change_in_flight(1, self.model)
        return UNSCHEDULED

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._requests:
            return
        conversation = self._conversation
        conversation.due = self.due  # not the turn itself: a ring of objects stays until they are collected
        collector = conversation.state.collector
        collector.change_in_flight(-1, conversation.model)
        if not isinstance(error, asyncio.CancelledError):
            del conversation.state.pending[self]
        if isinstance(error, EngineError):
            collector.add_failure(self.due, error.cause, conversation.model)
