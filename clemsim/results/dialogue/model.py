"""What a dialogue consists of.

A `Dialogue` has seats and steps. Most steps are batches of turns that were asked at once, mostly one; the others are what
the game wrote down, what a seat forgot, and what seats were told after their last turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import orjson

from clemsim.game.content import Part, as_text
from clemsim.game.events import Event, Rejected, Returned
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.game.tool_calls import ToolCall

# Others are words of the server.
STOPS = {"length": "cut at the token limit", "thinking": "cut while thinking", "overflow": "context overflow"}
NAMES_OF_INSTANCE = ("experiment", "id", "seed")  # fields of an instance that name it; the others are what is played


@dataclass(frozen=True, slots=True)
class DialogueSeat:
    """A seat of the episode. `role`: the seat itself where the game has no roles. `scripted`: no model is known to reply
    there. `system`: the text that the agent puts before the system text of the seat.
    """

    name: str
    role: str
    agent: str
    scripted: bool = False
    system: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a seat was told without being asked: its `system` text, what it was `told`, or an `echo`, which was put
    into its mouth.
    """

    kind: Literal["system", "told", "echo"]
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The parts as one text, in which a line stands for each picture."""
        return as_text(self.parts)


@dataclass(frozen=True, slots=True)
class SeatReply:
    """What a seat replied. `returned`: the results of its calls of tools. `stop`: why the reply ended, "stop" by itself."""

    text: str
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    returned: tuple[Returned, ...] = ()
    stop: str = "stop"

    @property
    def stop_words(self) -> str:
        """Why it ended, in words; empty where it ended by itself."""
        return "" if self.stop == "stop" else STOPS.get(self.stop, self.stop)

    @property
    def said(self) -> str:
        """The text, and the calls of tools in the written form."""
        return "\n".join([*([self.text] if self.text or not self.calls else ()), *(call.written for call in self.calls)])


@dataclass(frozen=True, slots=True)
class ReplyCost:
    """What the request of a turn cost. Times in seconds; None and empty: not known. `tokens_thought`: of those out.
    `queued` and `first_token` are the server's own times. `candidates`: the replies among which the agent chose.
    """

    model: str
    seconds: float | None
    tokens_in: int | None
    tokens_cached: int | None
    tokens_out: int | None
    tokens_thought: int | None = None
    replica: str = ""
    retries: int = 0
    queued: float | None = None
    first_token: float | None = None
    started: float | None = None
    candidates: Any = None


@dataclass(frozen=True, slots=True)
class DialogueTurn:
    """One turn: what a seat heard since its last one, what it was asked, and what became of its reply.

    `reply` is None while it is awaited. Once it was judged, either `parsed`, and `move` is the move as JSON holds it, or
    `rejected` says what was wrong; neither where the seat goes on after calls of tools. `asked_again`: the turn in which the
    seat was asked again because of that. `aside`: the seat will not remember the exchange. `goes_on_after`: the turn whose
    calls this one follows.
    """

    number: int
    seat: str
    heard: tuple[Heard, ...]
    asked: tuple[Part, ...]
    reply: SeatReply | None = None
    parsed: bool = False
    move: Any = field(default=None, hash=False)
    rejected: Rejected | None = None
    asked_again: int | None = None
    aside: bool = False
    goes_on_after: int | None = None
    cost: ReplyCost | None = None

    @property
    def asked_text(self) -> str:
        """The ask as one text, in which a line stands for each picture."""
        return as_text(self.asked)

    @property
    def move_text(self) -> str:
        """The move as text to read; empty where there is none."""
        return readable(self.move) if self.parsed else ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to become of it, as far as can be told."""
        return self.parsed or self.rejected is not None or bool(self.reply and self.reply.returned)


@dataclass(frozen=True, slots=True)
class TurnBatch:
    """The turns that were asked at once, in order; mostly one."""

    turns: tuple[DialogueTurn, ...]

    @property
    def shared(self) -> tuple[Heard, ...]:
        """What all of its turns begin with, where there are several: it was said to all of them."""
        if len(self.turns) < 2:
            return ()
        alike = 0
        for each in zip(*(turn.heard for turn in self.turns), strict=False):
            if any(heard != each[0] for heard in each):
                break
            alike += 1
        return self.turns[0].heard[:alike]


@dataclass(frozen=True, slots=True)
class Telling:
    """What seats were told after their last turn so far: the same to all of them."""

    seats: tuple[str, ...]
    heard: Heard


@dataclass(frozen=True, slots=True)
class Note:
    """A fact that the game wrote down; no seat sees it."""

    key: str
    value: Any = field(hash=False)

    @property
    def text(self) -> str:
        """The value as text to read."""
        return readable(self.value)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """A seat forgot all but its system text, its last `keep` exchanges, and its first where `opening`."""

    seat: str
    keep: int
    opening: bool


DialogueStep: TypeAlias = TurnBatch | Telling | Note | Forgetting


@dataclass(frozen=True, slots=True)
class Dialogue:
    """All that was said in an episode, also in one that goes on.

    `outcome` is None while unfinished, and `unfinished` says why where that is known. `metrics`: its scores by name,
    `rounds` those of each round, both as they are stored. `instance` as JSON holds it. `number`: that of the episode in its
    run.
    """

    key: EpisodeKey
    seats: tuple[DialogueSeat, ...]
    steps: tuple[DialogueStep, ...]
    events: tuple[Event, ...] = field(repr=False)
    outcome: Outcome | None = None
    unfinished: str = ""
    metrics: Mapping[str, float | None] = field(default_factory=dict, hash=False)
    rounds: Sequence[Mapping[str, float | None]] = ()
    instance: Mapping[str, Any] = field(default_factory=dict, hash=False)
    number: int | None = None
    status: str = ""
    version: int | str | None = None
    run_seed: int | None = None

    @property
    def turns(self) -> Iterator[DialogueTurn]:
        """All turns, in order."""
        return (turn for step in self.steps if isinstance(step, TurnBatch) for turn in step.turns)

    def seat(self, name: str) -> DialogueSeat:
        """Return the seat of this name. Raises KeyError where there is none."""
        for seat in self.seats:
            if seat.name == name:
                return seat
        raise KeyError(name)

    @property
    def instance_seed(self) -> int | None:
        """The seed of the instance; None where it is not recorded."""
        seed = self.instance.get("seed")
        return seed if isinstance(seed, int) else None

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is played, by the names of the fields of the instance, as text to read."""
        return tuple((name, readable(value)) for name, value in self.instance.items() if name not in NAMES_OF_INSTANCE)


def readable(value: Any) -> str:
    """Return a value as JSON holds it as text to read: words as they are, lists and mappings without quotes and brackets."""
    match value:
        case str():
            return value
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case dict() if not any(isinstance(each, dict | list) for each in value.values()):
            return ", ".join(f"{name}: {readable(each)}" for name, each in value.items())
        case list() if not any(isinstance(each, dict | list) for each in value):
            return ", ".join(map(readable, value))
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
