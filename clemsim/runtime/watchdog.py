"""The watchdog: names the episode in which one step of a game, a metric or an agent holds the event loop for long.

It costs a turn nothing. A thread asks the event loop for a sign of life twice a second; only where none comes does it look
at what the loop's thread is doing: the frames on its stack tell the episode, the kind of step, and the line of its author.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event, Thread, get_ident
from time import monotonic
from traceback import walk_stack
from types import FrameType

from clemsim._util.author_frames import describe_running
from clemsim.game.driver import EpisodeDriver
from clemsim.game.game import Game
from clemsim.game.instances import EpisodeKey
from clemsim.runtime.moderator import Moderator

PERIOD = 0.5  # seconds between two looks
LONG = 5.0  # seconds of one step

# The functions of clemsim in which the code of authors runs, each with what is told of it.
_STEPS = {
    EpisodeDriver._advance.__code__: "one step of play",
    Game.scores.__code__: "scoring it",
    Moderator._reply.__code__: "one reply of its agent",
}


@dataclass(frozen=True, slots=True)
class SlowStep:
    """A step of an episode that holds the event loop: how long it has taken so far, or took when it is `over`.

    `frames`: file, line and source line of its author's code, as Python's tracebacks write them.
    """

    episode: str
    what: str
    seconds: float
    frames: tuple[str, ...] = ()
    over: bool = False

    @property
    def held(self) -> str:
        """Which episode holds the loop, by what."""
        return f"{self.episode} holds the event loop, in {self.what}"

    def __str__(self) -> str:
        if self.over:
            return f"{self.episode} has let the event loop go: {self.what} took {self.seconds:.1f} s"
        return f"{self.episode} holds the event loop: {self.what} has taken {self.seconds:.0f} s"


def log(step: SlowStep) -> None:
    """Log a slow step as a warning of the logger `clemsim`, which Python prints on stderr unless it is told otherwise."""
    logging.getLogger("clemsim").warning("\n".join([str(step), *step.frames]))


@dataclass(slots=True)
class SlowSteps:
    """Where slow steps are told: `tell` is called in another thread, with each step twice, when it has become slow and when
    it is over.
    """

    tell: Callable[[SlowStep], None] = log


class Watchdog:
    """Watches the event loop of one scheduler."""

    def __init__(self, slow_steps: SlowSteps, is_mine: Callable[[FrameType], bool]) -> None:
        """Tell of long steps. `is_mine`: whether a frame plays an episode of the scheduler;
        the loop may be shared with other schedulers.
        """
        self._slow_steps = slow_steps
        self._is_mine = is_mine
        self._over = Event()
        self._alive = True

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the event loop that runs now, in this context."""
        thread = Thread(target=self._watch, args=(asyncio.get_running_loop(), get_ident()), name="watchdog", daemon=True)
        self._alive = True
        self._over.clear()
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(PERIOD)

    def _beat(self) -> None:
        self._alive = True

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        while not self._over.wait(PERIOD):
            if not self._alive:
                self._look(thread)
            self._alive = False
            try:
                loop.call_soon_threadsafe(self._beat)
            except RuntimeError:  # the loop is closed
                return

    def _look(self, thread: int) -> None:
        """Follow the steps of the loop's thread until the loop gives a sign of life. One frame is one step."""
        seen, since = _find(thread)[0], monotonic() - PERIOD
        told: SlowStep | None = None
        while not (self._alive or self._over.wait(PERIOD)):
            frame, step = _find(thread)
            if frame is not seen:
                self._tell_over(told, since)
                seen, told, since = frame, None, monotonic() - PERIOD
            elif told is None and step and frame and monotonic() - since >= LONG and self._owns(frame):
                told = replace(step, seconds=monotonic() - since)
                self._slow_steps.tell(told)
        self._tell_over(told, since)

    def _tell_over(self, told: SlowStep | None, since: float) -> None:
        if told:
            self._slow_steps.tell(replace(told, seconds=monotonic() - since, frames=(), over=True))

    def _owns(self, frame: FrameType) -> bool:
        return any(map(self._is_mine, _outwards(frame)))


def current_step(thread: int | None) -> SlowStep | None:
    """Return the step that a thread is in, however long it has taken; None: it is in none."""
    return _find(thread)[1]


def _find(thread: int | None) -> tuple[FrameType | None, SlowStep | None]:
    """Return the frame of the step that a thread is in, with the step."""
    stack = list(_outwards(sys._current_frames().get(thread or 0)))  # as it was at one moment: the thread may go on
    for place, frame in enumerate(stack):
        if what := _STEPS.get(frame.f_code):
            key = _key(frame)
            return frame, SlowStep(key.label, what, 0.0, tuple(describe_running(stack[: place + 1])))
    return None, None


def _key(frame: FrameType) -> EpisodeKey:
    """Return the key of the episode, from the arguments of the functions in `_STEPS`."""
    arguments = frame.f_locals
    holder = arguments.get("view") or arguments.get("transcript") or arguments["self"]
    key: EpisodeKey = holder.key
    return key


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    return (frame for frame, _ in walk_stack(frame))
