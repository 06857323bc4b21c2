"""The moderator: the actor that runs one episode.

It drives `play`, passes messages between the table and the agents, and hands every new event to its host. It knows no
arena: it gets a driver and a cast, so that the arena can sit on top as the front door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clemsim._util.tasks import leading_error
from clemsim.errors import ClemsimError, ParserError, UnknownSeat
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Event
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.slot import TurnSlot
from clemsim.game.table import Pending
from clemsim.game.view import View
from clemsim.runtime.agent import Agent, Cast
from clemsim.runtime.agent_contract import agent_bug, check_message


class Host(Protocol):
    """The host of one episode: it lets turns through and takes down what happens."""

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Wait until the agent may be asked, and hold a slot meanwhile."""

    def record(self, index: int, events: list[Event]) -> None:
        """Take down events, the first of which is number `index` of the episode; never blocks."""

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Note what one turn cost; never blocks."""


@dataclass(slots=True)
class Moderator:
    """Runs one episode to its outcome."""

    driver: EpisodeDriver
    cast: Cast
    host: Host
    _recorded: int = 0  # events

    async def run(self) -> Outcome:
        """Play to the end. Raises EngineError where the infrastructure failed, ArenaError and AgentError for bugs.

        Of these, ParserError concerns this episode alone; the reply that broke the parser is recorded.
        """
        self._record()
        while self.driver.outcome is None:
            await self.turns(self.driver.pending)
        return self.driver.outcome

    async def turns(self, asks: Sequence[Pending]) -> None:
        """Have asks that are pending answered by the agents of their seats, all at once. Raises what `run` does."""
        if len(asks) == 1:
            await self._turn(asks[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for ask in asks:
                    group.create_task(self._turn(ask))
        except BaseExceptionGroup as errors:
            error = leading_error(errors)
            raise error from error.__cause__

    async def _turn(self, ask: Pending) -> None:
        agent = self.cast.agent(ask.seat)
        if agent is None:
            raise UnknownSeat(f"no agent in seat {ask.seat!r}").at(self.driver.key.label)
        view = self.driver.view(ask)
        async with self.host.turn(agent) as view.slot:
            message = await self._reply(agent, view)
        self.host.request(agent, view, message)
        try:
            self.driver.answer(ask.turn, message)
        except ParserError:
            self._record()
            raise
        self._record()
        if not agent.requests:
            await asyncio.sleep(0)  # a scripted player never waits; let other episodes run

    async def _reply(self, agent: Agent, view: View) -> Message:
        try:
            return check_message(agent, await agent.reply(view))
        except ClemsimError as error:
            raise error.at(view.key.label, view.seat, view.turn) from error.__cause__
        except Exception as error:
            raise agent_bug(agent, "reply", error).at(view.key.label, view.seat, view.turn) from error

    def _record(self) -> None:
        events = self.driver.events
        if len(events) > self._recorded:
            self.host.record(self._recorded, events[self._recorded :])
            self._recorded = len(events)
