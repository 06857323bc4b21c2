"""For game builders: drive a game by hand, read what happened, and check what every arena must keep to.

transcript = drive(Taboo(), word, ["CLUE: it barks", "GUESS: dog"])
check_arena(Taboo(), instances)
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from clemsim.arena import Arena
from clemsim.errors import ArenaError, UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Asked, Ended, Event, Forgot, Instructed, Noted, Parsed, Rejected, Replied, Scored, Told
from clemsim.game.formats import Format
from clemsim.game.instances import Instance
from clemsim.game.messages import MODERATOR, SYSTEM, Message
from clemsim.game.transcript import Transcript

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # an extra: only check_arena needs it
    st = None  # type: ignore[assignment]

I = TypeVar("I", bound=Instance)  # noqa: E741
T = TypeVar("T")

Replies = Iterable[str] | Mapping[str, Iterable[str]]


def drive(arena: Arena[I], instance: I, replies: Replies) -> Transcript[Instance]:
    """Play one episode with these replies, in the order of the asks or in that of each seat's own.

    Raises ArenaError when they run out before the game has ended.
    """
    left = _by_seat(list(arena.roles_for(instance)), replies)
    driver = arena.drive(instance)
    while driver.outcome is None:
        ask = driver.pending[0]
        reply = next(left[ask.seat], None)
        if reply is None:
            raise ArenaError(f"no reply is left for turn {ask.turn}, {ask.seat}: {ask.asked.content!r}")
        driver.answer(ask.turn, Message(ask.seat, reply))
    return driver.transcript


def render(transcript: Transcript[Any]) -> str:
    """Return a transcript as readable text, the form of the golden files."""
    return "".join(f"{text}\n" for event in transcript.events for text in _lines(event))


def check_arena(arena: Arena[I], instances: Sequence[I], examples: int = 100) -> int:
    """Play the instances with generated replies (empty, huge, unicode, nearly valid) and check what holds for every arena.

    Two drives are equal; every prefix replays; a seat's view holds only what it was told, asked or said itself; the arena
    object is unchanged; the game ends within its turn bound. Raises AssertionError with the smallest failing case, and
    UsageError without the extra `dev`. Returns how many replies were given in so many episodes.
    """
    if st is None:
        raise UsageError("check_arena needs hypothesis: pip install 'clemsim[dev]'")
    replies = 0
    before = {key: repr(value) for key, value in vars(arena).items()}

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: Any) -> None:
        nonlocal replies
        replies += _check_episode(arena, data.draw(st.sampled_from(list(instances))), data)

    check()
    assert {key: repr(value) for key, value in vars(arena).items()} == before, "play changed the arena object"
    return replies


def _check_episode(arena: Arena[Any], instance: Instance, data: Any) -> int:
    driver = arena.drive(instance)
    replies: list[str] = []
    while driver.outcome is None:
        ask = driver.pending[0]
        _check_view(driver)
        replies.append(data.draw(_replies(ask.format)))
        driver.answer(ask.turn, Message(ask.seat, replies[-1]))
    assert driver.transcript.turns[-1].asked.turn <= arena.max_turns, "the game took more turns than its bound"
    again = arena.drive(instance)
    for reply in replies:
        again.answer(again.pending[0].turn, Message(again.pending[0].seat, reply))
    assert again.events == driver.events, "two drives with the same replies differ"
    _check_prefix(arena, instance, driver.events, data.draw(st.integers(0, len(driver.events))))
    return len(replies)


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
        for message in driver.view(ask):
            addressed = message.content in (allowed if message.author in (MODERATOR, SYSTEM) else own)
            assert addressed, f"{ask.seat} sees {message.content!r}, which was not for it"


@lru_cache(maxsize=1000)  # making a strategy costs more than drawing from it
def _replies(declared: Format | None) -> Any:
    """Return a strategy for replies of every kind, many of them valid or nearly so where the ask declares its format."""
    strange = st.one_of(st.just(""), st.just(" \n\t"), st.just("x" * 100_000), st.text(max_size=80))
    if declared is None:
        return strange
    valid = st.randoms(use_true_random=False).map(declared.sample)
    nearly = st.tuples(valid, st.sampled_from(["", " ", "\n", "\nmore", ".", "\x00", "é"])).map("".join)
    cut = st.tuples(valid, st.integers(1, 20)).map(lambda pair: pair[0][: -pair[1]])
    return st.one_of(valid, valid, valid, nearly, cut, valid.map(str.swapcase), strange)


def _by_seat(seats: Sequence[str], replies: Replies) -> dict[str, Iterator[str]]:
    if isinstance(replies, Mapping):
        return {seat: iter(replies.get(seat, ())) for seat in seats}
    shared = iter(replies)
    return dict.fromkeys(seats, shared)


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
        case Asked(turn, seat, content, keep):
            yield f"[{turn}] -> {seat}{'' if keep else ' (aside)'}: {content}"
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
