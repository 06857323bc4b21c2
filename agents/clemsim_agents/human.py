"""A person at the terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from rich.console import Console
from rich.panel import Panel

from clemsim._util.text import plain
from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.errors import UsageError
from clemsim.game.content import Image
from clemsim.game.messages import TOOL, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.scripted import check_no_argument
from clemsim_agents.typed_calls import explain, typed_calls


class Human(Agent):
    """Shows what is new to the seat and reads a reply: lines up to an empty one."""

    name = "human"
    width = 1

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._pictures: TemporaryDirectory[str] | None = None

    async def close(self) -> None:
        """Remove the files of the pictures that were shown."""
        if self._pictures is not None:
            pictures, self._pictures = self._pictures, None
            pictures.cleanup()

    async def reply(self, view: View) -> Message:
        """Ask at the terminal. Raises UsageError when the input has ended."""
        for message in self._new_messages(view):
            title = f"{message.calls[0].tool} returns" if message.author == TOOL else view.seat
            self._console.print(Panel(plain(message.content), title=plain(title), title_align="left"))
            for image in message.images:
                self._console.print(plain(f"{image.line}: {self._saved(image)}"), soft_wrap=True)
        offer = view.offer if view.offer and view.offer.choice in ("auto", "required") else None
        if offer and view.ask.author != TOOL:
            self._console.print(plain(explain(offer), "dim"))
        lines = await _read_lines()
        if lines is None:
            raise UsageError("the input has ended; the game stays unfinished")
        calls = typed_calls(lines, offer) if offer else ()
        return Message(view.seat, "" if calls else "\n".join(lines), calls=calls)

    def _saved(self, image: Image) -> Path:
        """Return the file of a picture, in a folder that is the user's alone and goes with the process."""
        if self._pictures is None:
            self._pictures = TemporaryDirectory(prefix="clemsim-")
        path = Path(self._pictures.name) / f"{image.digest[:16]}{image.suffix}"
        path.write_bytes(image.raw)
        return path

    def _new_messages(self, view: View) -> list[Message]:
        """Return the messages since this seat last spoke."""
        messages = list(view)
        spoken = [index for index, message in enumerate(messages) if message.author == view.seat]
        return messages[spoken[-1] + 1 if spoken else 0 :]


async def _read_lines() -> list[str] | None:
    """Return the lines up to an empty one; None when the input has ended."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[str] | None] = loop.create_future()

    def read() -> None:
        lines: list[str] = []
        try:
            while line := input("> " if not lines else "  "):
                lines.append(line)
        except EOFError:
            loop.call_soon_threadsafe(_settle, done, lines or None)
        else:
            loop.call_soon_threadsafe(_settle, done, lines)

    Thread(target=read, daemon=True).start()  # a daemon, so that Ctrl-C need not wait for a line
    return await done


def _settle(done: asyncio.Future[list[str] | None], lines: list[str] | None) -> None:
    if not done.done():
        done.set_result(lines)


def make(arg: str, options: AgentOptions) -> Human:
    """Make the agent."""
    check_no_argument("human", arg)
    return Human()


HUMAN = AgentKind(name="human", help="a person at this terminal", make=make, distributable=False)
