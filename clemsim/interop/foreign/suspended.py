"""Code that calls a model in the middle of its work, suspended there until the reply has come.

The code runs in a greenlet: it keeps its stack while others play, no thread is needed, and nothing is computed twice.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager, redirect_stdout, suppress
from typing import Any, Generic, TypeVar

from clemsim._util.extras import library
from clemsim.interop.foreign.randomness import Randomness

W = TypeVar("W")


class Suspended(Generic[W]):
    """One piece of work that asks. Its global random numbers are its own, and what it prints is not shown.

    `wanted` is what it waits for: None once it has come to its end. Work, and `ask`, belong to one thread.
    """

    def __init__(
        self,
        work: Callable[[], None],
        randomness: Randomness,
        inside: Callable[[], AbstractContextManager[None]],
        extra: str,
    ) -> None:
        """`inside`: what is to be in place while the work goes on. Raises UsageError where the library of `extra` that
        suspends work is not installed.
        """
        self._greenlets = library("greenlet", extra, "a game that calls its models itself")
        self._randomness, self._inside = randomness, inside
        self._outside: Any = None
        self._work = self._greenlets.greenlet(work)
        self.wanted: W | None = None

    def ask(self, wanted: W) -> str:
        """Wait for the reply to what is wanted; called by the work."""
        reply: str = self._outside.switch(wanted)
        return reply

    def go_on(self, *reply: str) -> W | None:
        """Let the work begin, or give it the reply that it waits for, until it wants another. Raises what it raises."""
        with self._randomness.own(), self._inside(), redirect_stdout(io.StringIO()):
            self._outside = self._greenlets.getcurrent()
            self._work.parent = self._outside
            self.wanted = self._work.switch(*reply)
        return self.wanted

    def close(self) -> None:
        """Leave the work where it is."""
        if self._work and not self._work.dead:
            with self._randomness.own(), self._inside(), redirect_stdout(io.StringIO()):
                self._work.parent = self._greenlets.getcurrent()
                with suppress(Exception):  # of what the work does when it is left
                    self._work.throw()
