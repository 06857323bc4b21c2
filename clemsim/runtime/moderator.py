"""The moderator: the actor that runs one episode.

It drives `play`, passes messages between the table and the agents, and hands every new event to the recorder. It
knows no arena: it gets a drive and a cast, so that the arena can sit on top as the front door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clemsim.errors import AgentError, ClemsimError, UnknownSeat
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Event
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.slot import TurnSlot
from clemsim.game.table import Pending
from clemsim.game.view import View
from clemsim.runtime.agent import Agent, Cast


class Host(Protocol):
    """Who lets turns through and takes down what happens."""

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Wait until the agent may be asked, and hold its place meanwhile."""

    def record(self, index: int, events: list[Event]) -> None:
        """Append events, the first of which is number `index` of its episode; never blocks."""

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Note what one turn cost; never blocks."""


@dataclass(slots=True)
class Moderator:
    """Runs one episode to its outcome."""

    drive: EpisodeDriver
    cast: Cast
    host: Host
    _written: int = 0

    async def run(self) -> Outcome:
        """Play to the end. Raises EngineError where the infrastructure failed, ArenaError and AgentError for bugs."""
        self._flush()
        while self.drive.outcome is None:
            asks = self.drive.pending
            if len(asks) == 1:
                await self._turn(asks[0])
            else:
                await self._turns_at_once(asks)
        return self.drive.outcome

    async def _turns_at_once(self, asks: Sequence[Pending]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for ask in asks:
                    group.create_task(self._turn(ask))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _turn(self, ask: Pending) -> None:
        agent = self.cast.agent(ask.seat)
        if agent is None:
            raise UnknownSeat(f"nobody sits at {ask.seat!r}").at(self.drive.key.label)
        view = self.drive.view(ask)
        async with self.host.turn(agent) as view.slot:
            message = await self._reply(agent, view)
        self.host.request(agent, view, message)
        self.drive.answer(ask.turn, message)
        self._flush()
        if not agent.requests:
            await asyncio.sleep(0)  # a scripted player never waits; let the others on

    async def _reply(self, agent: Agent, view: View) -> Message:
        try:
            message = await agent.reply(view)
        except ClemsimError as error:
            raise error.at(view.key.label, view.seat, view.turn) from error.__cause__
        except Exception as error:
            raise AgentError(f"agent {agent.name} raised {type(error).__name__}: {error}").at(
                view.key.label, view.seat, view.turn
            ) from error
        if not isinstance(message, Message):
            raise AgentError(f"agent {agent.name} returned {type(message).__name__}, not a Message").at(view.key.label)
        return message

    def _flush(self) -> None:
        events = self.drive.events
        if len(events) > self._written:
            self.host.record(self._written, events[self._written :])
            self._written = len(events)
