"""For game builders: drive a game by hand, read what happened, and check what every arena must keep to.

transcript = drive(Taboo(), word, ["CLUE: it barks", "GUESS: dog"])
assert_golden(transcript, Path("golden/won.txt"))
check_arena(Taboo(), instances)
"""

from __future__ import annotations

import asyncio
import os
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import unified_diff
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import orjson

from clemsim.arena import Arena
from clemsim.errors import ArenaError, UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import (
    Asked,
    Called,
    Continued,
    Ended,
    Event,
    Forgot,
    Instructed,
    Noted,
    Parsed,
    Rejected,
    Replied,
    Returned,
    Scored,
    Told,
)
from clemsim.game.formats import Format
from clemsim.game.instances import Instance
from clemsim.game.messages import MODERATOR, SYSTEM, TOOL, Message
from clemsim.game.pieces import pieces_of
from clemsim.game.tool_calls import ToolCall, read_written
from clemsim.game.tools import Offer
from clemsim.game.transcript import Transcript
from clemsim.game.view import View

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # an extra: only check_arena needs it
    st = None  # type: ignore[assignment]

I = TypeVar("I", bound=Instance)  # noqa: E741
T = TypeVar("T")

Reply = str | ToolCall | Sequence[ToolCall]  # a text, a call of a tool, or several calls in one reply
Replies = Iterable[Reply] | Mapping[str, Iterable[Reply]] | Callable[[View], Reply]
WRITE_GOLDEN = "CLEMSIM_WRITE_GOLDEN"  # variable of the environment: assert_golden writes its files
LEAST_SAMPLES = 8  # replies drawn from a seat's formats of which at least one must be accepted

PURITY = (
    "two drives with the same replies differ: take chance from table.rng, not from random; look at no clock; keep what"
    " belongs to an episode in variables of play, not on self or the class"
)


def drive(arena: Arena[I], instance: I, replies: Replies, *, stop: str = "stop") -> Transcript[Instance]:
    """Play one episode with these replies, in the order of the asks or in that of each seat's own; or with those that a
    function gives to the view of the asked seat. A reply is a text, or calls of tools: `ToolCall.of("stock", item="bolt")`.
    `stop`: why each reply ended, such as "length" where it was cut.

    Raises ArenaError when replies run out before the game has ended, when some are left at its end, and for those of a seat
    that does not play.
    """
    give, left = _giver(list(arena.roles_for(instance)), replies)
    driver = arena.drive(instance)
    while driver.outcome is None:
        ask = driver.pending[0]
        reply = give(driver.view(ask))
        if reply is None:
            raise ArenaError(f"no reply is left for turn {ask.turn}, {ask.seat}: {ask.asked.content!r}")
        driver.answer(ask.turn, _message(ask.seat, reply, stop))
    for seat, unused in left():
        raise ArenaError(f"the game ended ({driver.outcome.kind}) before it asked {seat} for {unused!r}")
    return driver.transcript


def render(transcript: Transcript[Any]) -> str:
    """Return a transcript as readable text, the form of the golden files."""
    return "".join(f"{text}\n" for event in transcript.events for text in _lines(event))


def assert_golden(transcript: Transcript[Any], path: Path) -> None:
    """Check that a transcript reads as the file says. With the variable CLEMSIM_WRITE_GOLDEN set, write the file.

    Raises AssertionError with what differs, and where there is no file.
    """
    found = render(transcript)
    if os.environ.get(WRITE_GOLDEN):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    remedy = f"if it should be so, set {WRITE_GOLDEN}=1, run the test again, and read the file"
    assert path.is_file(), f"there is no {path}: {remedy}"
    expected = path.read_text(encoding="utf-8")
    lines = unified_diff(expected.splitlines(), found.splitlines(), str(path), "now", lineterm="")
    assert found == expected, "\n".join(["the transcript is another:", *lines, remedy])


def check_arena(arena: Arena[I], instances: Sequence[I], examples: int = 100) -> int:
    """Play the instances with generated replies (empty, huge, unicode, nearly valid; calls of the tools that are offered, of
    others, and with other arguments) and check what holds for every arena.

    No two instances have one label, and each is itself after it was written as JSON and read; two drives are equal; every
    prefix replays; a seat's view holds only what it was told, asked or said itself; arena and instance are unchanged;
    nothing sleeps; the game ends within its turn bound; every outcome can be scored, twice alike; every transcript can be
    drawn, also one that is cut anywhere; some reply that keeps to a seat's formats is accepted. Raises AssertionError with
    the smallest failing case, ArenaError for a bug that playing or scoring meets, and UsageError without the extra `dev`.
    Returns how many replies were given in so many episodes.
    """
    if st is None:
        raise UsageError("check_arena needs hypothesis: pip install 'clemsim[dev]'")
    _check_instances(arena, instances)
    replies, before = 0, _state(arena)
    drawn, accepted = Counter[str](), Counter[str]()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: Any) -> None:
        nonlocal replies
        transcript, kept = _check_episode(arena, data.draw(st.sampled_from(list(instances))), data)
        replies += len(kept)
        for turn, valid in zip(transcript.turns, kept, strict=True):
            drawn[turn.seat] += valid
            accepted[turn.seat] += valid and not (turn.rejected and turn.rejected.violation)

    with patch("time.sleep", _no_sleep):
        check()
    assert _state(arena) == before, "play changed the arena object: keep what belongs to an episode in variables of play"
    for seat, count in drawn.items():
        assert accepted[seat] or count < LEAST_SAMPLES, (
            f"none of {count} replies drawn from the Format of the asks to {seat} was accepted: the Format and its parser"
            " must read the same"
        )
    return replies


def _state(arena: Arena[Any]) -> dict[str, str]:
    return {key: repr(value) for key, value in vars(arena).items()}


def _no_sleep(seconds: float) -> None:
    raise AssertionError("play called time.sleep: a game waits for nothing but the table, and would hold all others up")


def _check_instances(arena: Arena[I], instances: Sequence[I]) -> None:
    assert instances, "give check_arena at least one instance"
    for instance in instances:
        kind = arena.instance_type.__name__
        assert isinstance(instance, arena.instance_type), f"instances are {kind} objects, not {type(instance).__name__}"
    arena.drive(instances[0]).close()  # an arena that plays nothing says so
    for label, count in Counter(instance.label for instance in instances).items():
        assert count == 1, f"{count} instances are called {label}: give each of an experiment an id of its own"
    for instance in instances:
        try:
            written = instance.model_dump_json()
        except ValueError as error:
            raise AssertionError(f"instance {instance.label} cannot be written as JSON: {error}") from error
        again = arena.load(orjson.loads(written))
        assert again == instance, f"instance {instance.label} is another after it was written as JSON and read: {again!r}"


def _check_episode(arena: Arena[Any], instance: Instance, data: Any) -> tuple[Transcript[Instance], list[bool]]:
    """Play an episode; return its transcript, and for each reply whether it keeps to the format of its ask."""
    driver, before = arena.drive(instance), instance.model_dump()
    replies: list[tuple[Reply, bool]] = []
    while driver.outcome is None:
        ask = driver.pending[0]
        _check_view(driver)
        replies.append(data.draw(_replies(ask.format, ask.offer)))
        driver.answer(ask.turn, _message(ask.seat, replies[-1][0]))
    transcript = driver.transcript
    assert transcript.turns, "play ended without asking anybody: is an await missing before table.ask?"
    assert transcript.turns[-1].asked.turn <= arena.max_turns, "the game took more turns than its bound"
    assert instance.model_dump() == before, "play changed the instance: copy what is to be changed"
    again = arena.drive(instance)
    for reply, _ in replies:
        assert again.pending, PURITY
        again.answer(again.pending[0].turn, _message(again.pending[0].seat, reply))
    assert again.events == driver.events, PURITY
    _check_prefix(arena, instance, driver.events, data.draw(st.integers(0, len(driver.events))))
    assert arena.scores(transcript) == arena.scores(transcript), "scoring one transcript twice gives two results"
    _check_drawing(arena, transcript, data.draw(st.integers(0, len(driver.events))))
    return transcript, [valid for _, valid in replies]


def _check_drawing(arena: Arena[Any], transcript: Transcript[Any], size: int) -> None:
    """Check that the arena draws the episode, also where it is cut after `size` events, and twice alike."""
    assert pieces_of(arena, transcript) == pieces_of(arena, transcript), "drawing one transcript twice gives two drawings"
    pieces_of(arena, replace(transcript, events=transcript.events[:size]))


def _check_prefix(arena: Arena[Any], instance: Instance, events: Sequence[Event], size: int) -> None:
    replayed = arena.drive(instance)
    replayed.replay(events[:size])
    assert replayed.events[:size] == list(events[:size]), f"the first {size} events do not replay"


def _check_view(driver: EpisodeDriver) -> None:
    """Check that a seat sees exactly what was addressed to it and what it said."""
    for ask in driver.pending:
        to_it = (event for event in driver.events if isinstance(event, Told | Instructed | Asked) and event.seat == ask.seat)
        allowed = {event.content for event in to_it}
        own = {event.content for event in driver.events if isinstance(event, Replied) and event.seat == ask.seat}
        own |= {event.echo for event in driver.events if isinstance(event, Told) and event.seat == ask.seat}
        results = {event.content for event in driver.events if isinstance(event, Returned) and event.seat == ask.seat}
        by_author = {MODERATOR: allowed, SYSTEM: allowed, TOOL: results}
        for message in driver.view(ask):
            addressed = message.content in by_author.get(message.author, own)
            assert addressed, f"{ask.seat} sees {message.content!r}, which was not for it"


@lru_cache(maxsize=1000)  # making a strategy costs more than drawing from it
def _replies(declared: Format | None, offer: Offer | None = None) -> Any:
    """Return a strategy for replies of every kind, each with whether it was drawn from the format of the ask; many
    of them are valid or nearly so.
    """
    strange = st.one_of(st.just(""), st.just(" \n\t"), st.just("x" * 100_000), st.text(max_size=80))
    if offer is not None:
        return st.one_of(_calls(offer), _replies(declared))
    if declared is None:
        return strange.map(_invalid)
    valid = st.randoms(use_true_random=False).map(declared.sample)
    nearly = st.tuples(valid, st.sampled_from(["", " ", "\n", "\nmore", ".", "\x00", "é"])).map("".join)
    cut = st.tuples(valid, st.integers(1, 20)).map(lambda pair: pair[0][: -pair[1]])
    drawn = valid.map(lambda reply: (reply, True))
    return st.one_of(drawn, drawn, drawn, *(kind.map(_invalid) for kind in (nearly, cut, valid.map(str.swapcase), strange)))


def _calls(offer: Offer) -> Any:
    """Return a strategy for calls: valid ones, several at once, of other tools, with other arguments."""
    valid = st.tuples(st.sampled_from(offer.tools), st.randoms(use_true_random=False)).map(
        lambda drawn: read_written(drawn[0].format.sample(drawn[1]))[0]
    )
    names, arguments = [tool.name for tool in offer.tools], st.sampled_from(["", "{", "null", "{}", '{"x": 1}', "[" * 9999])
    bad = st.builds(ToolCall, st.sampled_from([*names, "", "nothing", "é" * 99]), arguments)
    one, several = valid.map(lambda call: [call]), st.lists(valid, min_size=2, max_size=3)
    called = st.one_of(one, one, several).map(lambda calls: (calls, offer.choice in ("auto", "required")))
    return st.one_of(called, called, bad.map(lambda call: ([call], False)), bad.map(lambda call: (call.written, False)))


def _message(seat: str, reply: Reply, stop: str = "stop") -> Message:
    if isinstance(reply, str):
        return Message(seat, reply, stop=stop)
    calls = (reply,) if isinstance(reply, ToolCall) else tuple(reply)
    return Message(seat, "", stop=stop, calls=calls)


def _invalid(reply: str) -> tuple[str, bool]:
    return reply, False


def _giver(
    seats: Sequence[str], replies: Replies
) -> tuple[Callable[[View], Reply | None], Callable[[], Iterator[tuple[str, Reply]]]]:
    """Return what gives the next reply (None: there is none), and what yields those that are left, with their seats."""
    if callable(replies):
        return replies, lambda: iter(())
    if not isinstance(replies, Mapping):
        shared = iter(replies)
        return (lambda view: next(shared, None)), lambda: (("anybody", reply) for reply in shared)
    for seat in replies:
        if seat not in seats:
            raise ArenaError(f"there are replies of {seat!r}, who does not play: the seats are {', '.join(seats)}")
    own = {seat: iter(given) for seat, given in replies.items()}
    return (
        lambda view: next(own.get(view.seat, iter(())), None),
        lambda: ((seat, reply) for seat, given in own.items() for reply in given),
    )


def _lines(event: Event) -> Iterator[str]:
    match event:
        case Told(seat, content, echo):
            yield f"-> {seat}: {content}"
            if echo:
                yield f"{seat} as if: {echo}"
        case Instructed(seat, content):
            yield f"=> {seat}: {content}"
        case Forgot(seat, keep, opening):
            yield f"{seat} forgets all but {'the first and ' if opening else ''}the last {keep}"
        case Continued(turn, seat, content):
            yield f"[{turn}] -> {seat} goes on{': ' if content else ''}{content}"
        case Asked(turn, seat, content, keep):
            yield f"[{turn}] -> {seat}{'' if keep else ' (aside)'}: {content}"
        case Called(turn, seat, content, _, stop, calls):
            if content or stop != "stop":
                yield f"[{turn}] {seat}{'' if stop == 'stop' else f' ({stop})'}: {content}"
            for call in calls:
                yield f"[{turn}] {seat} calls {call.tool} {call.arguments}"
        case Returned(turn, _, tool, _, content, failed):
            yield f"[{turn}] {tool} {'fails' if failed else 'returns'}: {content}"
        case Replied(turn, seat, content, _, stop):
            yield f"[{turn}] {seat}{'' if stop == 'stop' else f' ({stop})'}: {content}"
        case Parsed(turn, move):
            yield f"[{turn}] move {move!r}"
        case Rejected(turn, reason, violation):
            yield f"[{turn}] {'violation' if violation else 'no use'}: {reason}"
        case Noted(key, value):
            yield f"note {key}: {value!r}"
        case Scored(by_seat):
            yield f"scores {' '.join(f'{seat}={score}' for seat, score in by_seat.items())}"
        case Ended(kind, reason, blame, quality):
            yield f"{kind} quality={quality} blame={blame} {reason}".rstrip()


class _JumpingSelector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return the files that are ready; time that would have been waited passes at once."""
        ready: list[Any] = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only when every task waits."""

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Virtual seconds."""
        return self._clock.now


def run_virtually(main: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Return the result of a coroutine, and how many virtual seconds it took."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        return runner.run(main), loop.time()
