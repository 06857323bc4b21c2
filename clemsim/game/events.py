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
from clemsim.game.tool_calls import ToolCall, calls_of


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

    @property
    def said(self) -> str:
        """What was said, and the calls of tools in the written form."""
        return self.content


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
class Called(Replied):
    """The reply of a turn that calls tools; `content` is what it says besides. Stored as `replied`, with one field more."""

    calls: tuple[ToolCall, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "calls", calls_of(self.calls))

    @property
    def said(self) -> str:
        """What was said, and the calls of tools in the written form."""
        return "\n".join([*([self.content] if self.content else ()), *(call.written for call in self.calls)])


@dataclass(frozen=True, slots=True)
class Returned:
    """The result of one call of a turn; `failed`: the call could not be answered, and `content` says why.

    `arguments` as JSON holds them, or as text where they are no JSON object. `id` is that of the call; empty where the call
    was written as text. Where `keep` is false, the seat does not remember it.
    """

    turn: int
    seat: str
    tool: str
    arguments: Any = field(hash=False)
    content: str
    failed: bool = False
    id: str = ""
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Continued(Asked):
    """A seat goes on after the results of its calls of the turn `after`; `content` is what it is told besides, mostly
    nothing. Stored as `asked`, with one field more.
    """

    after: int = 0


@dataclass(frozen=True, slots=True)
class ToldParts(Told):
    """A seat was shown pictures; `content` is the text of the parts. Stored as `told`, with one field more."""

    parts: tuple[Part, ...] = ()  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class AskedParts(Asked):
    """A seat was asked with pictures; `content` is the text of the parts. Stored as `asked`, with one field more."""

    parts: tuple[Part, ...] = ()  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class ContinuedParts(Continued):
    """A seat goes on after its calls, and is shown pictures. Stored as `asked`, with two fields more."""

    parts: tuple[Part, ...] = ()  # type: ignore[misc]


Event = Told | Instructed | Forgot | Asked | Replied | Returned | Parsed | Rejected | Noted | Scored | Ended

TYPES: dict[str, type[Event]] = {
    kind.__name__.lower(): kind
    for kind in (Told, Instructed, Forgot, Asked, Replied, Returned, Parsed, Rejected, Noted, Scored, Ended)
}
_WITH_PARTS: dict[type[Event], type[Event]] = {Told: ToldParts, Asked: AskedParts, Continued: ContinuedParts}
_SHOWS = ToldParts | AskedParts | ContinuedParts
PICTURED: frozenset[type] = frozenset(_WITH_PARTS.values())  # the types of events that show pictures
# Events that are stored as another type with one field more, by that field and the type.
_EXTENDED: dict[tuple[str, str], type[Event]] = {("calls", "replied"): Called, ("after", "asked"): Continued}
_NAMES = (
    {kind: name for name, kind in TYPES.items()}
    | {ToldParts: "told", AskedParts: "asked", ContinuedParts: "asked"}
    | {kind: name for (_, name), kind in _EXTENDED.items()}
)
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
        made = _extended(kind, values) or TYPES[kind]
        event = _with_parts(made, values) if "parts" in values else made(**values)
    except (KeyError, TypeError, ValueError) as error:  # orjson's JSONDecodeError is one
        raise StoreError(f"an event of type {kind!r} cannot be read: {error}") from error
    for name, expected in _CHECKED[type(event)]:
        if type(getattr(event, name)) not in expected:
            raise StoreError(f"an event of type {kind!r} cannot be read: its {name} is {getattr(event, name)!r}")
    return event


def _extended(kind: str, values: Mapping[str, Any]) -> type[Event] | None:
    """Return the type of an ask or a reply with a field that tools add; None for all other events."""
    return next((extended for (name, own), extended in _EXTENDED.items() if own == kind and name in values), None)


def _with_parts(kind: type[Event], values: dict[str, Any]) -> Event:
    """Return an event with pictures. Raises KeyError, TypeError and ValueError where it is none."""
    return _WITH_PARTS[kind](**values | {"parts": read_parts(values["parts"])})


def shown_in(events: Iterable[Event]) -> list[Image]:
    """Return the pictures in these events that have their bytes with them."""
    pictured = [event for event in events if type(event) in PICTURED]
    return [image for event in pictured for image in images_of(event.parts) if image.is_whole]  # type: ignore[union-attr]


def without_known(events: Iterable[Event], known: Collection[str]) -> list[Event]:
    """Return the events without the bytes of pictures whose digests are known."""
    return [
        replace(event, parts=without_bytes(event.parts, known)) if isinstance(event, _SHOWS) else event for event in events
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
