"""Events: facts in an episode, appended once and never changed.

What comes from outside, the replies, and what follows from them are both kept: the first rebuild the episode, the
second make it readable and let it be scored without driving it again. No event holds a time, so that a transcript is
the same however fast it was played.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import orjson

from clemsim.errors import StoreError
from clemsim.game.outcomes import Kind, Outcome


@dataclass(frozen=True, slots=True)
class Told:
    """A seat was told something that wants no reply; it sees an `echo` as its own answer to it."""

    seat: str
    content: str
    echo: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A seat was asked. Where `keep` is false, neither the ask nor its reply enters what the seat sees later."""

    turn: int
    seat: str
    content: str
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply of a turn, as it came, apart from the model's reasoning."""

    turn: int
    seat: str
    content: str
    reasoning: str = ""
    stop: str = "stop"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The reply was a move; `move` is the move as JSON holds it."""

    turn: int
    move: Any


@dataclass(frozen=True, slots=True)
class Rejected:
    """The reply was no move. `violation`: it broke the format; else it was well-formed and of no use."""

    turn: int
    reason: str
    violation: bool = True


@dataclass(frozen=True, slots=True)
class Noted:
    """A fact that the game wrote down."""

    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome."""

    kind: Kind
    reason: str = ""
    blame: str | None = None
    quality: float | None = None

    @property
    def outcome(self) -> Outcome:
        """The same as an Outcome."""
        return Outcome(self.kind, self.reason, self.blame, self.quality)


Event = Told | Asked | Replied | Parsed | Rejected | Noted | Ended

TYPES: dict[str, type[Event]] = {
    kind.__name__.lower(): kind for kind in (Told, Asked, Replied, Parsed, Rejected, Noted, Ended)
}
_NAMES = {kind: name for name, kind in TYPES.items()}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in TYPES.values()}


def type_name(event: Event) -> str:
    """Return the name under which an event is stored, such as `replied`."""
    return _NAMES[type(event)]


def encode(event: Event) -> str:
    """Return the fields of an event as JSON; its type is stored beside it."""
    return orjson.dumps({name: getattr(event, name) for name in _FIELDS[type(event)]}).decode()


def decode(kind: str, body: str) -> Event:
    """Return the event written by `encode`. Raises StoreError when it is none."""
    try:
        return TYPES[kind](**orjson.loads(body))
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise StoreError(f"an event of type {kind!r} cannot be read: {error}") from error


def plain(value: object) -> Any:
    """Return the value as JSON holds it, so that an event is equal to itself after being stored.

    An integer of more than 64 bits, which few readers of JSON take, is written as text. Raises TypeError and ValueError for
    what JSON cannot hold.
    """
    if value is None or isinstance(value, str | float | bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    try:
        return orjson.loads(orjson.dumps(value, default=_fallback))
    except TypeError:
        return orjson.loads(orjson.dumps(_with_short_integers(value), default=_fallback))


def _with_short_integers(value: Any) -> Any:
    """Return the value with its long integers as text."""
    if isinstance(value, dict):
        return {name: _with_short_integers(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_with_short_integers(inner) for inner in value]
    return plain(value) if isinstance(value, int) else value


def _fallback(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value)
