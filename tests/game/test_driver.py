"""The sans-I/O drive: what `play` may do, what seats see, replay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable

import pytest

from clemsim import Arena, Instance, Message, Outcome, Parser, Question, Table, anything
from clemsim.errors import ArenaError, BadInstance, ForbiddenAwait, ParserError, ReplayMismatch, UnknownSeat
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Asked, Ended, Event, Noted, Parsed, Rejected, Replied, Told, decode, encode, type_name
from tests.games import Guessing, Number, Poll


def driven(drive: EpisodeDriver, replies: Iterable[str]) -> EpisodeDriver:
    for reply in replies:
        ask = drive.pending[0]
        drive.answer(ask.turn, Message(ask.seat, reply))
    return drive


def begun() -> EpisodeDriver:
    return Guessing().drive(Number())


def test_a_game_is_won_without_an_event_loop() -> None:
    drive = driven(begun(), ["GUESS: 9", "GUESS: 5"])
    assert drive.outcome == Outcome.success(50)
    kinds = [type(event) for event in drive.events]
    assert kinds == [Told, Asked, Replied, Parsed, Told, Asked, Replied, Parsed, Told, Ended]
    assert drive.transcript.moves("guesser") == [9, 5]


def test_an_invalid_reply_is_asked_again_and_then_aborts() -> None:
    drive = driven(begun(), ["nine"])
    assert drive.pending[0].asked.content == "Once more: the reply does not start with 'GUESS:'"
    driven(drive, ["GUESS: many"])
    assert drive.outcome == Outcome.aborted("'many' is no number", blame="guesser")
    assert [event for event in drive.events if isinstance(event, Rejected)][1].reason == "'many' is no number"


def test_a_valid_reply_gives_the_next_question_its_own_chances() -> None:
    drive = driven(begun(), ["x", "GUESS: 1", "x", "GUESS: 5"])
    assert drive.outcome == Outcome.success(50)


def test_an_overflow_aborts_by_its_name_and_is_not_asked_again() -> None:
    drive = begun()
    drive.answer(1, Message("guesser", "", stop="overflow"))
    assert drive.outcome == Outcome.aborted("the conversation no longer fits the model's context", blame="guesser")


def test_a_cut_reply_that_is_no_move_says_so() -> None:
    drive = begun()
    drive.answer(1, Message("guesser", "well", stop="length"))
    drive.answer(2, Message("guesser", "well", stop="length"))
    assert drive.outcome is not None and drive.outcome.reason.endswith("(the reply was cut at the token limit)")


def test_a_seat_sees_only_its_own_messages() -> None:
    drive = driven(begun(), ["GUESS: 9"])
    view = drive.view(drive.pending[0])
    assert [message.content for message in view][1:] == ["GUESS: 9", "lower"]
    assert [message.author for message in view] == ["moderator", "guesser", "moderator"]
    assert view[-1].content == "lower" and len(view) == 3 and len(view[:2]) == 2
    with pytest.raises(IndexError):
        view[3]


def test_a_view_does_not_change_as_the_game_goes_on() -> None:
    drive = begun()
    view = drive.view(drive.pending[0])
    before = list(view)
    driven(drive, ["GUESS: 9", "GUESS: 8"])
    assert list(view) == before


def test_replies_may_come_in_any_order() -> None:
    one, other = Poll().drive(Instance()), Poll().drive(Instance())
    for drive, order in ((one, (0, 1)), (other, (1, 0))):
        asks = drive.pending
        for index in order:
            drive.answer(asks[index].turn, Message(asks[index].seat, f"VOTE: {index}"))
    assert one.events == other.events


def test_asides_are_not_kept() -> None:
    drive = driven(Poll().drive(Instance()), ["VOTE: 1", "VOTE: 2", "VOTE: no"])
    aside = drive.view(drive.pending[0])
    assert [message.content for message in aside] == ["Vote, a.", "VOTE: 1", "Aside 1?"]


def test_asides_leave_no_trace_in_later_views() -> None:
    drive = Poll().drive(Instance())
    driven(drive, ["VOTE: x"] * 5)
    assert [message.content for message in drive.view(drive.pending[0])] == ["Vote, a.", "VOTE: x", "Last words?"]


def test_a_turn_can_be_answered_only_once() -> None:
    drive = Poll().drive(Instance())
    drive.answer(1, Message("a", "VOTE: 1"))
    with pytest.raises(ValueError, match="turn 1 waits for no reply"):
        drive.answer(1, Message("a", "VOTE: 1"))


def test_a_half_answered_batch_goes_on_with_what_is_missing() -> None:
    events = driven(Poll().drive(Instance()), ["VOTE: 1"]).events
    drive = Poll().drive(Instance())
    drive.replay(events)
    assert [ask.seat for ask in drive.pending] == ["b"]


@pytest.mark.parametrize("replies", [["GUESS: 9", "GUESS: 5"], ["x", "x"], ["GUESS: 1"] * 4])
def test_every_prefix_of_a_log_replays(replies: list[str]) -> None:
    events = driven(begun(), replies).events
    for size in range(len(events) + 1):
        drive = begun()
        drive.replay(events[:size])
        assert drive.events[:size] == events[:size]


def test_a_replay_that_asks_something_else_says_where() -> None:
    events: list[Event] = list(driven(begun(), ["GUESS: 9", "GUESS: 5"]).events)
    events[5] = Asked(2, "guesser", "higher")
    with pytest.raises(ReplayMismatch, match="turn 2: recorded guesser: 'higher', now asks guesser: 'lower'"):
        begun().replay(events)


def test_the_rng_hangs_on_the_instance_alone() -> None:
    first = [Guessing().drive(Number(seed=seed)).pending[0].asked.content for seed in (1, 1, 2, 3, 4)]
    assert first[0] == first[1] and len(set(first)) > 1


def test_seeds_differ_by_turn_and_run() -> None:
    one, other = Guessing().drive(Number(), seed=1), Guessing().drive(Number(), seed=2)
    assert one.view(one.pending[0]).seed != other.view(other.pending[0]).seed
    before = one.view(one.pending[0]).seed
    driven(one, ["GUESS: 9"])
    assert one.view(one.pending[0]).seed != before


@pytest.mark.parametrize("event", driven(begun(), ["x", "GUESS: 5"]).events, ids=type_name)
def test_events_survive_the_store(event: Event) -> None:
    assert decode(type_name(event), encode(event)) == event


class Sleeper(Arena[Instance]):
    """Awaits what it must not."""

    name, seats = "sleeper", ("a",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Sleep."""
        await asyncio.sleep(0)
        return Outcome.success()


class Faulty(Arena[Instance]):
    """Goes wrong in the way that the instance's experiment names."""

    name, seats, max_turns = "faulty", ("a",), 5

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Go wrong."""
        match instance.experiment:
            case "seat":
                table.tell("b", "hello")
            case "raise":
                raise KeyError("clue")
            case "twice":
                await table.ask_all([Question("a", "?", anything()), Question("a", "!", anything())])
            case "endless":
                while True:
                    await table.ask("a", "?")
        return None  # type: ignore[return-value]


def test_a_foreign_await_is_refused() -> None:
    with pytest.raises(ForbiddenAwait, match="it may await nothing but the table"):
        Sleeper().drive(Instance())


@pytest.mark.parametrize(
    ("experiment", "kind", "text"),
    [
        ("seat", UnknownSeat, "there is no seat 'b', only a"),
        ("raise", ArenaError, "play raised KeyError: 'clue'"),
        ("twice", ArenaError, "need keep=False"),
        ("none", ArenaError, "play must return an Outcome, not NoneType"),
    ],
)
def test_an_authors_mistake_is_named_with_its_place(experiment: str, kind: type[ArenaError], text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        Faulty().drive(Instance(experiment=experiment))
    assert f"faulty/{experiment}/0" in str(caught.value)


def test_an_endless_game_is_stopped() -> None:
    with pytest.raises(ArenaError, match="play asked more than 5 turns"):
        driven(Faulty().drive(Instance(experiment="endless")), ["x"] * 6)


def test_a_wrong_instance_is_refused() -> None:
    with pytest.raises(BadInstance, match="guessing plays Number, not Instance"):
        Guessing().drive(Instance())  # type: ignore[arg-type]
    with pytest.raises(BadInstance, match="target"):
        Guessing().load({"target": "many"})


class Mood(Arena[Instance]):
    """Its parser fails at a reply, in a way that a test chooses."""

    name, version = "mood", 1
    seats = ("a", "b")

    def __init__(self, fail: Callable[[str], object]) -> None:
        self.fail = fail

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask both."""
        table.note("begun")
        either: Parser[object] = Parser(str)
        await table.ask_all([Question("a", "Well?", either), Question("b", "And you?", Parser(self.fail))])
        return Outcome.success()


def fails(error: BaseException) -> Callable[[str], object]:
    def read(reply: str) -> object:
        raise error

    return read


def deep(reply: str) -> object:
    return deep(reply)


@pytest.mark.parametrize(
    ("parse", "name"),
    [
        (fails(ValueError("no")), "ValueError: no"),
        (fails(StopIteration()), "StopIteration"),
        (fails(MemoryError()), "MemoryError"),
        (fails(KeyError("x" * 9999)), "KeyError: 'xxx"),
        (deep, "RecursionError"),
        (lambda reply: json.loads("[" * 900 + "]" * 900), "cannot|Recursion"),
    ],
)
def test_what_a_reply_brings_about_in_a_parser_is_told_of_the_turn(parse: Callable[[str], object], name: str) -> None:
    drive = Mood(parse).drive(Instance(id=0))
    drive.answer(1, Message("a", "fine"))
    with pytest.raises(ParserError, match=rf"the parser of turn 2 \(b\) raised .*{name}") as caught:
        drive.answer(2, Message("b", "so so"))
    assert caught.value.where == "mood/default/0" and len(str(caught.value)) < 500
    kinds = [type(event) for event in drive.events]
    assert kinds == [Noted, Asked, Asked, Replied, Replied], "replies are kept, what follows from them is not"
    mended = Mood(str.upper).drive(Instance(id=0))
    mended.replay(drive.events)
    assert mended.outcome == Outcome.success()


def test_bugs_beside_parsers_are_none_of_a_parser() -> None:
    for error in (ArenaError("mine"), KeyboardInterrupt()):
        drive = Mood(fails(error)).drive(Instance(id=0))
        drive.answer(1, Message("a", "fine"))
        with pytest.raises(type(error)) as caught:
            drive.answer(2, Message("b", "so so"))
        assert not isinstance(caught.value, ParserError)


@pytest.mark.parametrize("move", [10**30, [10**30, {"a": (1, -(10**30))}], {"a": {10**30}}])
def test_a_move_of_huge_numbers_is_stored_as_text(move: object) -> None:
    drive = Mood(lambda reply: move).drive(Instance(id=0))
    driven(drive, ["a", "b"])
    assert drive.outcome == Outcome.success()
    stored = [decode(type_name(event), encode(event)) for event in drive.events]
    assert stored == drive.events and str(10**30) in str(stored)
