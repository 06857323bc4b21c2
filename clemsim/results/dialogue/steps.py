"""Puts the events of an episode together to steps of its dialogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from clemsim.game.content import Part, Text
from clemsim.game.events import (
    Asked,
    Called,
    Continued,
    Event,
    Forgot,
    Instructed,
    Noted,
    Parsed,
    Rejected,
    Replied,
    Returned,
    Told,
)
from clemsim.results.dialogue.model import (
    DialogueStep,
    DialogueTurn,
    Forgetting,
    Heard,
    Note,
    ReplyCost,
    SeatReply,
    Telling,
    TurnBatch,
)


def dialogue_steps(
    events: Iterable[Event], costs: Mapping[int, Mapping[str, Any]], details: Mapping[int, Mapping[str, Any]] | None = None
) -> tuple[DialogueStep, ...]:
    """Return the steps of events of an episode that follow each other, from its beginning. `costs`: the rows of requests by
    turn; `details`: what else is known of them.
    """
    steps = _Steps()
    for place, event in enumerate(events):
        steps.take(place, event)
    return steps.finished(costs, details or {})


@dataclass(slots=True)
class _OpenTurn:
    """A turn of which more is to come."""

    asked: Asked
    heard: tuple[Heard, ...]
    replied: Replied | None = None
    returned: list[Returned] = field(default_factory=list)
    parsed: Parsed | None = None
    rejected: Rejected | None = None
    asked_again: int | None = None

    def closed(self, cost: ReplyCost | None) -> DialogueTurn:
        asked = self.asked
        return DialogueTurn(
            number=asked.turn,
            seat=asked.seat,
            heard=self.heard,
            asked=_parts(asked),
            reply=self._reply(),
            parsed=self.parsed is not None,
            move=self.parsed.move if self.parsed else None,
            rejected=self.rejected,
            asked_again=self.asked_again,
            aside=not asked.keep,
            goes_on_after=asked.after if isinstance(asked, Continued) else None,
            cost=cost,
        )

    def _reply(self) -> SeatReply | None:
        if (reply := self.replied) is None:
            return None
        calls = reply.calls if isinstance(reply, Called) else ()
        return SeatReply(reply.content, reply.reasoning, calls, tuple(self.returned), reply.stop)


class _Steps:
    """The steps so far, by the place of the event with which each begins."""

    def __init__(self) -> None:
        self._turns: dict[int, _OpenTurn] = {}
        self._batches: list[tuple[int, list[int]]] = []  # with the numbers of their turns
        self._others: list[tuple[int, DialogueStep]] = []
        self._heard: dict[str, list[tuple[int, Heard]]] = {}  # what each seat was told since its last turn
        self._refused: dict[str, int] = {}  # the turn of each seat whose reply was no move, with nothing said since
        self._answered = True  # whether the last batch has a reply

    def take(self, place: int, event: Event) -> None:
        match event:
            case Asked():
                self._ask(place, event)
                return
            case Replied() | Parsed() | Rejected() | Returned():
                self._judge(event)
                return
            case Told(seat, _, echo):
                self._tell(place, seat, Heard("told", _parts(event)))
                if echo:
                    self._tell(place, seat, Heard("echo", (Text(echo),)))
            case Instructed(seat, content):
                self._tell(place, seat, Heard("system", (Text(content),)))
            case Noted(key, value):
                self._others.append((place, Note(key, value)))
            case Forgot(seat, keep, opening):
                self._others.append((place, Forgetting(seat, keep, opening)))
        self._refused.clear()

    def _tell(self, place: int, seat: str, heard: Heard) -> None:
        self._heard.setdefault(seat, []).append((place, heard))

    def _ask(self, place: int, event: Asked) -> None:
        if self._answered:
            self._batches.append((place, []))
            self._answered = False
        self._batches[-1][1].append(event.turn)
        heard = tuple(each for _, each in self._heard.pop(event.seat, ()))
        self._turns[event.turn] = _OpenTurn(event, heard)
        before = self._refused.pop(event.seat, None)
        if before is not None:
            self._turns[before].asked_again = event.turn

    def _judge(self, event: Replied | Parsed | Rejected | Returned) -> None:
        if isinstance(event, Replied):
            self._answered = True
            self._refused.clear()
        turn = self._turns.get(event.turn)
        if turn is None:  # a record that lacks the ask
            return
        match event:
            case Replied():
                turn.replied = event
            case Returned():
                turn.returned.append(event)
            case Parsed():
                turn.parsed = event
            case Rejected():
                turn.rejected = event
                self._refused[turn.asked.seat] = event.turn

    def finished(
        self, costs: Mapping[int, Mapping[str, Any]], details: Mapping[int, Mapping[str, Any]]
    ) -> tuple[DialogueStep, ...]:
        placed: list[tuple[int, DialogueStep]] = [*self._others, *self._tellings()]
        for place, numbers in self._batches:
            turns = [self._turns[number].closed(_cost(costs.get(number), details.get(number, {}))) for number in numbers]
            placed.append((place, TurnBatch(tuple(turns))))
        return tuple(step for _, step in sorted(placed, key=lambda pair: pair[0]))

    def _tellings(self) -> list[tuple[int, DialogueStep]]:
        """Return what seats were told after their last turn; what was said to several one after another is one step."""
        told = sorted(
            ((place, seat, heard) for seat, own in self._heard.items() for place, heard in own), key=lambda t: t[0]
        )
        steps: list[tuple[int, Telling]] = []
        last = -2
        for place, seat, heard in told:
            before = steps[-1][1] if steps else None
            if before and place == last + 1 and before.heard == heard and seat not in before.seats:
                steps[-1] = steps[-1][0], Telling((*before.seats, seat), heard)
            else:
                steps.append((place, Telling((seat,), heard)))
            last = place
        return [*steps]


def _parts(event: Asked | Told) -> tuple[Part, ...]:
    if event.parts:
        return event.parts
    return (Text(event.content),) if event.content else ()


def _cost(row: Mapping[str, Any] | None, details: Mapping[str, Any]) -> ReplyCost | None:
    if row is None:
        return None
    thought = details.get("tokens_thought")
    return ReplyCost(
        model=row.get("model") or "",
        seconds=row.get("seconds"),
        tokens_in=row.get("tokens_in"),
        tokens_cached=row.get("tokens_cached"),
        tokens_out=row.get("tokens_out"),
        tokens_thought=thought if isinstance(thought, int) else None,
        replica=row.get("replica") or "",
        retries=row.get("retries") or 0,
        queued=row.get("queued"),
        first_token=row.get("first_token"),
        started=row.get("started"),
        candidates=details.get("candidates"),
    )


def complete_steps(steps: Sequence[DialogueStep]) -> Sequence[DialogueStep]:
    """Return those of the first steps that stay as they are whatever else happens: of a batch, all turns were judged.
    Tellings are none of them: what a seat was told is part of its next turn, once there is one.
    """
    return [*takewhile(_is_complete, (step for step in steps if not isinstance(step, Telling)))]


def _is_complete(step: DialogueStep) -> bool:
    return not isinstance(step, TurnBatch) or all(turn.is_settled for turn in step.turns)
