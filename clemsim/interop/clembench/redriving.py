"""Drive a recorded episode again: the replies that were recorded, given to an arena one after another, without any model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from clemsim.arena import Arena, find_arena
from clemsim.catalog.plugins import registered
from clemsim.catalog.suites import Suite
from clemsim.errors import ArenaError, UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.instances import Instance
from clemsim.game.messages import MODERATOR, Message
from clemsim.game.outcomes import Outcome
from clemsim.game.transcript import Transcript
from clemsim.game.view import View
from clemsim.interop.clembench.port import Metrics

Trouble = Literal["replies left over", "no reply left", "another seat", "arena"]


class RecordedReply(NamedTuple):
    """A reply as it was recorded, and the seat that gave it."""

    seat: str
    text: str


class GivenAsk(NamedTuple):
    """What a seat was given before it replied: what it was told since its last reply, and the ask."""

    seat: str
    content: str


@dataclass(frozen=True, slots=True)
class Redriven:
    """What came of a recorded episode. `outcome` is None, and there are no scores, where it did not end.

    `trouble` says why the recording does not fit, `problem` in words and `turn` where; `left`: recorded replies that were
    not asked for.
    """

    transcript: Transcript[Instance]
    outcome: Outcome | None
    scores: Metrics
    rounds: Sequence[Metrics]
    asks: Sequence[GivenAsk]
    left: int = 0
    trouble: Trouble | None = None
    problem: str = ""
    turn: int | None = None


@dataclass(slots=True)
class _Fault(Exception):
    """Why the recording does not fit."""

    trouble: Trouble
    problem: str
    turn: int | None
    left: int = field(default=0)


def redrive(
    arena: Arena[Any],
    instance: Instance,
    replies: Iterable[RecordedReply],
    *,
    verbatim: bool = True,
    at_once: bool = False,
) -> Redriven:
    """Give the recorded replies in their order, judged as they came or, without `verbatim`, stripped of white space.

    Questions that the game asks at once are asked one after another, as clembench asks them; with `at_once` they are asked
    as in a run, and the replies are in the order of its turns. Raises BadInstance, and ArenaError where `play` goes
    wrong before the first reply; what goes wrong later is the `trouble` of what is returned.
    """
    driver = arena.drive(instance, in_turn=not at_once, verbatim=verbatim)
    asks: list[GivenAsk] = []
    fault: _Fault | None = None
    scores: tuple[Metrics, Sequence[Metrics]] = ({}, ())
    try:
        _give(driver, list(replies), asks)
        scores = arena.scores(driver.transcript)
    except _Fault as found:
        fault = found
    except ArenaError as error:
        last = driver.pending[0].turn if driver.pending else len(asks)
        fault = _Fault("arena", f"arena: {error}", last)
    outcome = driver.outcome
    if fault is None:
        return Redriven(driver.transcript, outcome, *scores, asks)
    driver.close()
    return Redriven(driver.transcript, outcome, *scores, asks, fault.left, fault.trouble, fault.problem, fault.turn)


def seated(arena: Arena[Any], replies: Iterable[Mapping[str, Any]]) -> list[RecordedReply]:
    """Return replies that name their `player` (`Player 1` is the first seat) and their `text`.

    Raises KeyError, ValueError and IndexError for a player that the arena has no seat for.
    """
    return [RecordedReply(seat_of(arena, str(reply["player"])), str(reply["text"])) for reply in replies]


def seat_of(arena: Arena[Any], player: str) -> str:
    """Return the seat of `Player 1`, `Player 2` and so on. Raises ValueError and IndexError where there is none."""
    number = int(player.split()[-1])
    if not 1 <= number <= len(arena.seats):
        raise IndexError(f"{arena.name} has no seat for {player!r}")
    return arena.seats[number - 1]


def arena_for(name: str, suite: Suite | None, rules: str | None = None, *, verbatim: bool = True) -> Arena[Any]:
    """Return the arena that drives recorded episodes: with the word lists and prompts of the suite, or its own where there
    is none; by the rule set `rules`, or that of the suite.

    A suite may name other rules for a part of it, which live play goes by; recordings were judged by those of their
    version. Raises UsageError.
    """
    if name not in registered("arenas"):  # a recording may come from anybody, and must not name code
        raise UsageError(f"there is no arena {name!r}: choose one of {', '.join(registered('arenas'))}")
    kind = find_arena(name)
    wanted = rules or (suite.rules if suite else None)
    folders = [suite.folder_of(name)] if suite else []
    return kind(*folders, rules=wanted if kind.RULES else None, verbatim=verbatim)


def _give(driver: EpisodeDriver, replies: Sequence[RecordedReply], asks: list[GivenAsk]) -> None:
    """Give the replies until the episode has ended. Raises _Fault, and ArenaError where the arena fails at a reply."""
    for number, (seat, text) in enumerate(replies):
        if (outcome := driver.outcome) is not None:
            early = f"ended in {outcome.kind} ({outcome.reason}) before the recorded reply {number + 1}"
            raise _Fault("replies left over", early, number + 1, len(replies) - number)
        ask = driver.pending[0]
        asks.append(GivenAsk(ask.seat, given(driver.view(ask))))
        if ask.seat != seat:
            other = f"asks {ask.seat}, but {seat} replied in the recording"
            raise _Fault("another seat", other, ask.turn, len(replies) - number)
        driver.answer(ask.turn, Message(seat, text))
    if driver.outcome is None:
        ask = driver.pending[0]
        asks.append(GivenAsk(ask.seat, given(driver.view(ask))))
        raise _Fault("no reply left", f"asks {ask.seat} again after the last recorded reply", ask.turn)


def given(view: View) -> str:
    """Return what a seat is given as one message: the ask, and before it what the seat was told since its last reply."""
    first = len(view) - 1
    while first > 0 and view[first - 1].author == MODERATOR:
        first -= 1
    return "\n\n".join(message.content for message in view[first:])
