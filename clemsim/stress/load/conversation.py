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

    def __init__(self, state: LoadState, due: float, think: Callable[[], float]) -> None:
        """Begin a conversation that is `due` at a moment; `think` gives the seconds before each turn but the first."""
        self.state = state
        self.ended = due
        self.first = True
        self.timed: TimedTurn | None = None
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
        usage, timed = message.usage, self.timed
        if usage is None or timed is None:
            return
        timing = usage.timing
        self.ended = max(self.ended, timing.ended if timing else monotonic())
        if message.stop == "overflow":
            self.state.collector.add_failure(timed.due, OVERFLOW)
        else:
            self.state.collector.add_turn(timed.due, usage, message.stop)


class TimedTurn:
    """A turn in flight, which was due at `due`."""

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
        state = self._conversation.state
        if state.closing:
            raise StressTestOver
        state.budget.take_request()
        state.pending[self] = None
        state.collector.change_in_flight(1)
        return UNSCHEDULED

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._requests:
            return
        conversation = self._conversation
        conversation.timed = self
        collector = conversation.state.collector
        collector.change_in_flight(-1)
        if not isinstance(error, asyncio.CancelledError):
            del conversation.state.pending[self]
        if isinstance(error, EngineError):
            collector.add_failure(self.due, error.cause)
