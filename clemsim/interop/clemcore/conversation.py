"""What a player of clembench remembers, as what a seat sees: the same messages in the same order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clemsim.game.content import Content, Image, Text
from clemsim.game.table import Table

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
MARK = " <image> "  # where a text of clembench speaks of a picture, which clemcore itself takes out
ELSE = "."  # said by nobody: it closes what a seat was told, so that all of it can be forgotten


class PlayerMessage(NamedTuple):
    """A message as clemcore has it. `images`: what they are named by."""

    role: str
    text: str
    images: tuple[str, ...] = ()

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> PlayerMessage:
        """Return a message; replies are compared without the white space around them."""
        role, text, images = str(message["role"]), str(message["content"]), message.get("image") or ()
        if role == ASSISTANT:
            text = text.strip()
        return cls(role, text, (images,) if isinstance(images, str) else tuple(map(str, images)))


@dataclass(slots=True)
class SeatedPlayer:
    """What a seat has seen so far, and how it comes to see what its player remembers."""

    table: Table
    seat: str
    picture: Callable[[str], Image]
    _seen: list[PlayerMessage] = field(default_factory=list)

    async def ask(self, messages: Sequence[Mapping[str, Any]], *, keep: bool) -> str:
        """Ask with the last message, after those before it, and return the reply. Unless `keep`, the player does not
        remember the exchange as it was.
        """
        *before, asked = map(PlayerMessage.of, messages)
        self._show(before)
        reply: str = await self.table.ask(self.seat, self._content(asked), keep=keep)
        if keep:
            self._seen += [asked, PlayerMessage(ASSISTANT, reply.strip())]
        return reply

    def _show(self, lines: list[PlayerMessage]) -> None:
        """Let the seat see exactly these."""
        if self._seen != lines[: len(self._seen)]:
            if self._seen and self._seen[-1].role != ASSISTANT:
                self.table.tell(self.seat, "", ELSE)
            self.table.forget(self.seat)
            self._seen = [line for line in self._seen[:1] if line.role == SYSTEM and line in lines[:1]]
        new = lines[len(self._seen) :]
        self._seen = lines
        if new and new[0].role == SYSTEM and len(new) == len(lines):
            self.table.system(self.seat, new.pop(0).text)
        while new:
            line = new.pop(0)
            told = self._content(line) if line.role != ASSISTANT else ""
            echo = line.text if line.role == ASSISTANT else ""
            if line.role != ASSISTANT and new and new[0].role == ASSISTANT:
                echo = new.pop(0).text
            self.table.tell(self.seat, told, echo)

    def _content(self, line: PlayerMessage) -> Content:
        if not line.images:
            return line.text
        return (Text(line.text.replace(MARK, " ")), *map(self.picture, line.images))
