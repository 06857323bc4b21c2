"""From a reply to a typed move.

A `Parser` reads a reply, stripped of surrounding white space unless the arena is `verbatim`, and returns a move or raises
`Invalid`. Where it can, it states its `Format`, so that an engine can hold decoding to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from clemsim.game.formats import Format, line, literal

if TYPE_CHECKING:
    from clemsim.game.tools import Tool

T = TypeVar("T")
U = TypeVar("U")


class Invalid(Exception):
    """The model's message breaks the rules of the game; the reason is for the transcript.

    `violation` tells whether it counts as a violated request; a well-formed reply that the game cannot use does not.
    """

    def __init__(self, reason: str, *, violation: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.violation = violation


@dataclass(frozen=True, slots=True)
class Parser(Generic[T]):
    """How to read a reply. `read` may raise `Invalid`; `format` is the set that decoding can be held to.

    `moves`: tools whose calls are moves, of which `take` makes the move (`calling`); `texts`: a text may be a move.
    """

    read: Callable[[str], T]
    format: Format | None = None
    moves: tuple[Tool, ...] = ()
    take: Callable[[Any], T] | None = None
    texts: bool = True

    def then(self, step: Callable[[T], U]) -> Parser[U]:
        """This parser, its move passed through `step`, which may raise `Invalid` too."""
        if (take := self.take) is not None:
            return Parser(
                lambda reply: step(self.read(reply)), self.format, self.moves, lambda move: step(take(move)), self.texts
            )
        return Parser(lambda reply: step(self.read(reply)), self.format)


def anything() -> Parser[str]:
    """Return every reply is a move."""
    return Parser(lambda reply: reply)


def tagged(tag: str, held_to: Format | None = None) -> Parser[str]:
    """Return a reply that starts with `tag`, case-sensitive; the move is what follows, stripped."""

    def read(reply: str) -> str:
        if not reply.startswith(tag):
            raise Invalid(f"the reply does not start with {tag!r}")
        return reply[len(tag) :].strip()

    return Parser(read, held_to or literal(f"{tag} ") + line())


def matching(pattern: str, expected: str, held_to: Format | None = None) -> Parser[re.Match[str]]:
    """Return a reply that the pattern matches as a whole, in any case; `expected` says in words what should have come."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def read(reply: str) -> re.Match[str]:
        match = compiled.fullmatch(reply)
        if match is None:
            raise Invalid(f"the reply is not {expected}")
        return match

    return Parser(read, held_to)
