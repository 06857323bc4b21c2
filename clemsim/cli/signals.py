"""What Ctrl-C and SIGTERM do: the first says what is waited for and stops, the second ends the process at once.

Handlers of `signal.signal` run between any two bytecodes of the main thread, those of an event loop only when the loop
comes round: with those, a game that loops for ever could not be ended. This module loads nothing that takes long, not even
asyncio, so that a signal is heeded from the first moment on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from clemsim._util import children

if TYPE_CHECKING:
    import asyncio

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
AGAIN = "(Ctrl-C again: at once)"
PATIENCE = 1.0  # seconds for the event loop to come round, before what holds it is named
FLUSH = 0.5  # seconds for what is written to a terminal or a pipe that nobody may read
SHOW_CURSOR = b"\x1b[?25h"  # a live display hides it

Stop = Callable[[], str]  # begins to stop, and returns what is waited for
Say = Callable[[str], None]  # prints one line


def _no_step() -> str:
    return ""


class SignalHandling:
    """The handling of the signals of this process. While programs load, and in `at_once`, the first ends it at once too.

    Elsewhere the first raises KeyboardInterrupt; where an event loop runs it calls what `on_stop` was given, or cancels the
    loop's main task.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None  # the last one
        self._loading = self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[object] | None = None
        self._stop: Stop | None = None
        self._say: Say = _write_line
        self._holding: Callable[[], str] = _no_step
        self._came_round = threading.Event()

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.received or signal.SIGINT)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals in this context, at first as while programs load. Only a main thread can do that."""
        before = {}
        self.received, self._loading = None, True
        if threading.current_thread() is threading.main_thread():
            before = {number: signal.signal(number, self._handle) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def loaded(self) -> None:
        """From now on the first signal ends nothing half done."""
        self._loading = False

    def at_once(self) -> None:
        """Let the first signal end the process: there is nothing to be kept."""
        self._loading = True

    @contextmanager
    def running(self, say: Say, holding: Callable[[], str]) -> Iterator[None]:
        """Stop the task that runs now in this context. `say` prints a line; `holding` tells what holds the event loop."""
        import asyncio  # noqa: PLC0415 (loaded by now)

        self._loop, self._main, self._say, self._holding = asyncio.get_running_loop(), asyncio.current_task(), say, holding
        try:
            yield
        finally:
            self._loop = self._main = self._stop = None
            self._say, self._holding = _write_line, _no_step

    def on_stop(self, stop: Stop) -> None:
        """Call `stop` at the first signal, in the event loop."""
        self._stop = stop

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first, self.received = self.received is None, signal.Signals(number)
        if not first or self._loading:
            self.end_at_once()
        if self._loop is None:
            raise KeyboardInterrupt
        self._came_round.clear()
        timer = threading.Timer(PATIENCE, self._name_holder)
        timer.daemon = True
        timer.start()
        self._loop.call_soon_threadsafe(self._stop_now)

    def _stop_now(self) -> None:
        self._came_round.set()
        if self._stop:
            self._say(f"stopping: {self._stop()} {AGAIN}")
        elif self._main:
            self._say(f"stopping {AGAIN}")
            self._main.cancel()

    def _name_holder(self) -> None:
        if not self._came_round.is_set():
            self._say(f"stopping: {self._holding() or 'the event loop is busy'} {AGAIN}")

    def end_at_once(self) -> NoReturn:
        """End the process with its children, without waiting for anything. What the store was given 20 ms ago is on disk."""
        writer = threading.Thread(target=_last_words, daemon=True)
        writer.start()
        writer.join(FLUSH)
        grace, self._ending = 0.0 if self._ending else children.GRACE, True  # a third signal waits for no child
        children.end_all(grace)
        os._exit(self.exit_code)


def leave(code: int) -> NoReturn:
    """End the process without waiting for the threads of libraries, which may compute on for long."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    os._exit(code)


def _write_line(text: str) -> None:
    with suppress(OSError):
        os.write(2, f"clemsim: {text}\n".encode(errors="replace"))


def _last_words() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RuntimeError):  # the main thread may be in the middle of a write
            stream.flush()
    if sys.stderr is not None and sys.stderr.isatty():
        with suppress(OSError):
            os.write(2, SHOW_CURSOR)
    _write_line("ended at once")


SIGNALS = SignalHandling()
