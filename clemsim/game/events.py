"""Events: facts in an episode, appended once and never changed.

What comes from outside, the replies, and what follows from them are both kept: the first rebuild the episode, the
second make it readable and let it be scored without driving it again. No event holds a time, so that a transcript is
the same however fast it was played.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any, ClassVar

import orjson

from clemsim.errors import StoreError
from clemsim.game.content import Image, Part, images_of, read_parts, without_bytes
from clemsim.game.encodable import encodable
from clemsim.game.outcomes import Kind, Outcome


@dataclass(frozen=True, slots=True)
class Told:
    """A seat was told something that wants no reply; it sees an `echo` as its own answer to it."""

    seat: str
    content: str
    echo: str = ""
    parts: ClassVar[tuple[Part, ...]] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures that were shown, in order."""
        return images_of(self.parts)


@dataclass(frozen=True, slots=True)
class Instructed:
    """A seat was given a system text, before all else."""

    seat: str
    content: str


@dataclass(frozen=True, slots=True)
class Forgot:
    """A seat forgot all but its system text, its last `keep` exchanges, and its first where `opening`."""

    seat: str
    keep: int = 0
    opening: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A seat was asked. Where `keep` is false, neither the ask nor its reply enters what the seat sees later."""

    turn: int
    seat: str
    content: str
    keep: bool = True
    parts: ClassVar[tuple[Part, ...]] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures that were shown, in order."""
        return images_of(self.parts)


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
class Scored:
    """The scores of the outcome by seat; an event of its own, just before the end."""

    by_seat: Mapping[str, float] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome."""

    kind: Kind
    reason: str = ""
    blame: str | None = None
    quality: float | None = None

    @property
    def outcome(self) -> Outcome:
        """The same as an Outcome, without the scores by seat."""
        return Outcome(self.kind, self.reason, self.blame, self.quality)


@dataclass(frozen=True, slots=True)
class ToldParts(Told):
    """A seat was shown pictures; `content` is the text of the parts. Stored as `told`, with one field more."""

    parts: tuple[Part, ...] = ()  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class AskedParts(Asked):
    """A seat was asked with pictures; `content` is the text of the parts. Stored as `asked`, with one field more."""

    parts: tuple[Part, ...] = ()  # type: ignore[misc]


Event = Told | Instructed | Forgot | Asked | Replied | Parsed | Rejected | Noted | Scored | Ended

TYPES: dict[str, type[Event]] = {
    kind.__name__.lower(): kind
    for kind in (Told, Instructed, Forgot, Asked, Replied, Parsed, Rejected, Noted, Scored, Ended)
}
_WITH_PARTS: dict[type[Event], type[Event]] = {Told: ToldParts, Asked: AskedParts}
PICTURED: frozenset[type] = frozenset(_WITH_PARTS.values())  # the types of events that show pictures
_NAMES = {kind: name for name, kind in TYPES.items()} | {more: few.__name__.lower() for few, more in _WITH_PARTS.items()}
_FIELDS = {kind: tuple(own.name for own in fields(kind)) for kind in _NAMES}
# The types that a field may have when it is read again, by the annotation of the field; any, where none is named.
_ANNOTATED: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "Stop": (str,),
    "Kind": (str,),
    "int": (int,),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "float | None": (float, int, type(None)),
    "Mapping[str, float]": (dict,),
}
_CHECKED = {
    kind: tuple((own.name, _ANNOTATED[str(own.type)]) for own in fields(kind) if own.type in _ANNOTATED) for kind in _NAMES
}


def type_name(event: Event) -> str:
    """Return the name under which an event is stored, such as `replied`."""
    return _NAMES[type(event)]


def encode(event: Event) -> str:
    """Return the fields of an event as JSON; its type is stored beside it."""
    return orjson.dumps({name: getattr(event, name) for name in _FIELDS[type(event)]}).decode()


def decode(kind: str, body: str) -> Event:
    """Return the event written by `encode`. Raises StoreError when it is none."""
    try:
        values = orjson.loads(body)
        event = _with_parts(kind, values) if "parts" in values else TYPES[kind](**values)
    except (KeyError, TypeError, ValueError) as error:  # orjson's JSONDecodeError is one
        raise StoreError(f"an event of type {kind!r} cannot be read: {error}") from error
    for name, expected in _CHECKED[type(event)]:
        if type(getattr(event, name)) not in expected:
            raise StoreError(f"an event of type {kind!r} cannot be read: its {name} is {getattr(event, name)!r}")
    return event


def _with_parts(kind: str, values: dict[str, Any]) -> Event:
    """Return an event with pictures. Raises KeyError, TypeError and ValueError where it is none."""
    return _WITH_PARTS[TYPES[kind]](**values | {"parts": read_parts(values["parts"])})


def shown_in(events: Iterable[Event]) -> list[Image]:
    """Return the pictures in these events that have their bytes with them."""
    pictured = [event for event in events if type(event) in PICTURED]
    return [image for event in pictured for image in images_of(event.parts) if image.is_whole]  # type: ignore[union-attr]


def without_known(events: Iterable[Event], known: Collection[str]) -> list[Event]:
    """Return the events without the bytes of pictures whose digests are known."""
    return [
        replace(event, parts=without_bytes(event.parts, known)) if isinstance(event, ToldParts | AskedParts) else event
        for event in events
    ]


def plain(value: object) -> Any:
    """Return the value as JSON holds it, so that an event is equal to itself after being stored.

    JSON holds no numbers that are not finite (None), no integers beyond 64 bits (their digits), and no lone surrogates.
    Raises TypeError and ValueError for what it cannot hold at all.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | int | float):
        return _storable(value)
    try:
        return orjson.loads(orjson.dumps(value, default=_fallback))
    except TypeError:  # an integer or a text that it cannot hold, or a key that is no text
        return orjson.loads(orjson.dumps(_storable(value), default=_fallback))


def _storable(value: Any) -> Any:
    match value:
        case bool():
            return value
        case str():
            return encodable(value)
        case int():
            return value if -(2**63) <= value < 2**63 else str(value)
        case float():
            return value if isfinite(value) else None
        case dict():
            return {_storable(key) if isinstance(key, str) else key: _storable(each) for key, each in value.items()}
        case set() | frozenset():
            return [_storable(each) for each in sorted(value)]
        case list() | tuple():
            return [_storable(each) for each in value]
    return value


def _fallback(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value)
