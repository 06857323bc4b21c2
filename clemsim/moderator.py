"""The moderator: the actor that runs one episode.

It drives `play`, passes messages between the table and the agents, and hands every new event to the recorder. It
knows no arena: it gets a drive and a cast, so that the arena can sit on top as the front door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clemsim.agent import Agent, Cast, View
from clemsim.drive import Drive
from clemsim.errors import AgentError, ClemsimError, UnknownSeat
from clemsim.events import Event
from clemsim.instances import EpisodeKey
from clemsim.messages import Message
from clemsim.outcomes import Outcome
from clemsim.table import Pending

# Waits until the agent may be asked; the number says how long the episode has been under way (lower: longer).
Gate = Callable[[Agent], AbstractAsyncContextManager[None]]


class Recorder(Protocol):
    """Takes down what happens; never blocks."""

    def record(self, key: EpisodeKey, index: int, events: list[Event]) -> None:
        """Append events, the first of which is number `index` of its episode."""

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message) -> None:
        """Note what one turn cost."""


@dataclass(slots=True)
class Moderator:
    """Runs one episode to its outcome."""

    drive: Drive
    cast: Cast
    gate: Gate
    recorder: Recorder
    _written: int = 0

    async def run(self) -> Outcome:
        """Play to the end. Raises EngineError where the infrastructure failed, ArenaError and AgentError for bugs."""
        self._flush()
        while self.drive.outcome is None:
            first, *others = self.drive.pending
            if others:
                await self._turns_at_once([first, *others])
            else:
                await self._turn(first)
        return self.drive.outcome

    async def _turns_at_once(self, asks: list[Pending]) -> None:
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
        async with self.gate(agent):
            message = await self._reply(agent, view)
        self.recorder.request(self.drive.key, agent.name, view, message)
        self.drive.answer(ask.turn, message)
        self._flush()
        await asyncio.sleep(0)  # a scripted player never waits; let the others on

    async def _reply(self, agent: Agent, view: View) -> Message:
        label = self.drive.key.label
        try:
            message = await agent.reply(view)
        except ClemsimError as error:
            raise error.at(label, view.seat, view.turn) from error.__cause__
        except Exception as error:
            raise AgentError(f"agent {agent.name} raised {type(error).__name__}: {error}").at(
                label, view.seat, view.turn
            ) from error
        if not isinstance(message, Message):
            raise AgentError(f"agent {agent.name} returned {type(message).__name__}, not a Message").at(label)
        return message

    def _flush(self) -> None:
        events = self.drive.events
        if len(events) > self._written:
            self.recorder.record(self.drive.key, self._written, events[self._written :])
            self._written = len(events)
