"""How clembench logs a game: the reverse of what a port reads. Each lies beside its game and is named by the game's port.

`LogBuilder` knows what all games share: rounds, messages between the game master and the players, keys. A `GameLog` adds
what the game master of one game logs for itself, from which clembench's scorer of the game computes every score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.game.events import Asked, Returned, Told
from clemsim.game.transcript import Transcript, Turn
from clemsim.interop.pictures import file_name

JsonObject = Mapping[str, Any]

GM = "GM"


@dataclass(slots=True)
class LogBuilder:
    """Builds the log of one episode. `started`: when the request of a turn began, in seconds since the epoch, by turn.

    `verbatim`: whether replies were judged as they came; else they were stripped first, and are logged so, as clembench
    judges what it logs.
    """

    arena: Arena[Any]
    transcript: Transcript[Any]
    verbatim: bool
    started: Mapping[int, float] = field(default_factory=dict)
    turns: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])
    keys: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[int, Turn]] = field(default_factory=list)  # the number of the round, and the turn
    _before: dict[int, str] = field(default_factory=dict)  # what a seat was told before its turn
    _images: dict[int, list[str]] = field(default_factory=dict)  # the pictures of a turn, as paths within the export

    def __post_init__(self) -> None:
        told: dict[str, list[str]] = {}
        shown: dict[str, list[str]] = {}
        for event in self.transcript.events:
            if isinstance(event, Told | Asked) and event.images:
                shown.setdefault(event.seat, []).extend(f"images/{file_name(image)}" for image in event.images)
            if isinstance(event, Asked) and event.seat in shown:
                self._images[event.turn] = shown.pop(event.seat)
            if isinstance(event, Told) and not event.echo:
                told.setdefault(event.seat, []).append(event.content)
            elif isinstance(event, Returned):
                told.setdefault(event.seat, []).append(f"Result of {event.tool}: {event.content}")
            elif isinstance(event, Asked) and event.seat in told:
                self._before[event.turn] = "".join(f"{text}\n\n" for text in told.pop(event.seat))

    def player(self, seat: str) -> str:
        """Return clembench's name of a seat, such as `Player 1`."""
        return f"Player {self.arena.seats.index(seat) + 1}"

    def text(self, turn: Turn) -> str:
        """Return the reply of a turn as it was judged."""
        return turn.replied.said if self.verbatim else turn.replied.said.strip()

    def exchange(self, turn: Turn, *, logged: bool = True) -> None:
        """Log an ask and its reply, and the call of the model; only the call unless `logged`."""
        self.calls.append((len(self.turns) - 1, turn))
        if logged:
            player, at = self.player(turn.seat), turn.asked.turn
            self.message(GM, player, self._before.get(at, "") + turn.asked.content, "context", at)
            self.message(player, GM, self.text(turn), "response", at)

    def message(self, from_: str, to: str, content: str, label: str, turn: int = 0) -> None:
        """Log a message between the game master and a player, with its pictures under clembench's key."""
        kind = "send message" if from_ == GM else "get message"
        images = {"image": self._images[turn]} if from_ == GM and turn in self._images else {}
        self._add(from_, to, {"type": kind, "content": content, "label": label, **images}, turn)

    def note(self, kind: str, content: object) -> None:
        """Log something that the game master says to itself."""
        self._add(GM, GM, {"type": kind, "content": content}, self.calls[-1][1].asked.turn if self.calls else 0)

    def next_round(self) -> None:
        """Begin another round."""
        self.turns.append([])

    def _add(self, from_: str, to: str, action: dict[str, Any], turn: int) -> None:
        self.turns[-1].append({"from": from_, "to": to, "timestamp": timestamp(self.started.get(turn, 0)), "action": action})


class GameLog:
    """How clembench logs one game. `roles`: clembench's name of each seat's role. `scripted`: players without a model, by
    name, with their roles.
    """

    roles: ClassVar[Mapping[str, str]] = {}
    scripted: ClassVar[Mapping[str, str]] = {}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the fields of the instance as clembench has them, without its number."""
        data: dict[str, Any] = instance.model_dump(mode="json", exclude={"experiment", "id", "seed"})
        return data

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return what clembench keeps of an experiment, without its name and its instances."""
        return {}

    def facts(self, transcript: Transcript[Any]) -> dict[str, Any]:
        """Return what clembench has among the scores of an episode that is no number, such as names and lists."""
        return {}

    def write(self, log: LogBuilder) -> None:
        """Log the episode. Without a game's own way, replies are noted as `parse` or `invalid format`."""
        first = log.arena.seats[0]
        for number, turn in enumerate(log.transcript.turns):
            if number and turn.seat == first and turn.asked.keep:
                log.next_round()
            log.exchange(turn)
            if turn.rejected is not None:
                log.note("invalid format", turn.rejected.reason)
            elif turn.parsed is not None:
                log.note("parse", turn.move)

    def texts_of(self, data: JsonObject, log: JsonObject) -> JsonObject:
        """Return what an instance refers to in other files, as far as a recorded log tells."""
        return {}

    def replies_of(self, log: JsonObject) -> Sequence[str] | None:
        """Return the replies of the only seat where the messages of a recorded log lack some; None where they are whole."""
        return None


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as clembench writes times."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def request_keys(log: LogBuilder) -> dict[str, list[int]]:
    """Return the counts of requests by round, as clemcore itself logs them for games of its present kind."""
    rounds = log.arena.rounds(log.transcript)
    names = ("Request Count", "Parsed Request Count", "Violated Request Count")
    return {name: [int(counts[name] or 0) for counts in rounds] for name in names}


def outcome_keys(log: LogBuilder) -> dict[str, int]:
    """Return clembench's keys of the outcome: each 0 or 1."""
    outcome = log.transcript.outcome
    kinds = {"Aborted": "aborted", "Lose": "failure", "Success": "success"}
    return {name: int(outcome is not None and outcome.kind == kind) for name, kind in kinds.items()}
