"""A person who takes a seat in the browser: the agent `browser`, and the desk where its turns wait for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.errors import UsageError
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent


@dataclass(frozen=True, slots=True)
class Waiting:
    """A turn that waits for a person in a room: what the seat has seen, the last message being the ask."""

    room: str
    seat: str
    turn: int
    seen: Sequence[Message]
    reply: asyncio.Future[str]


@dataclass(slots=True)
class Desk:
    """Where turns wait for persons. A viewer opens it; closed, nobody would ever answer."""

    _turns: list[Waiting] = field(default_factory=list)
    _open: bool = False

    def open(self) -> None:
        """Take turns from now on."""
        self._open = True

    def close(self) -> None:
        """Take no more turns, and leave those that wait."""
        self._open = False
        for turn in self._turns:
            turn.reply.cancel()

    async def answer(self, room: str, view: View) -> str:
        """Return what the person in a room answers. Raises UsageError where there is no viewer."""
        if not self._open:
            raise UsageError("a person in the browser plays this run: open it with `clemsim view`, and resume it there")
        turn = Waiting(room, view.seat, view.turn, list(view), asyncio.get_running_loop().create_future())
        self._turns.append(turn)
        try:
            return await turn.reply
        finally:
            self._turns.remove(turn)

    def waiting(self, room: str) -> Waiting | None:
        """Return the turn in a room that waits for its person, if there is one."""
        return next((turn for turn in self._turns if turn.room == room and not turn.reply.done()), None)


DESK = Desk()  # persons sit at one browser as they sit at one terminal: the agent of a SPEC can be handed nothing


class Browser(Agent):
    """Asks a person at a page of the viewer. `room`: tells those of several runs apart."""

    name = "browser"
    width = 1

    def __init__(self, room: str) -> None:
        self._room = room

    async def reply(self, view: View) -> Message:
        """Wait for a person. Raises UsageError where there is no viewer."""
        return Message(view.seat, await DESK.answer(self._room, view))


def make(arg: str, options: AgentOptions) -> Browser:
    """Make the agent of a room."""
    return Browser(arg)


BROWSER = AgentKind(
    name="browser", help="a person at a page of `clemsim view`", spec="browser:ROOM", make=make, distributable=False
)
