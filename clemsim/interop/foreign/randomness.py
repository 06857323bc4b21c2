"""The global random numbers that environments draw from, kept apart for each episode.

An environment seeds and uses Python's and numpy's global generators, which all episodes of a process would share: what one
of them draws would hang on when the others move, and no recording could be driven again.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Randomness:
    """The state of the global generators as one episode has left them."""

    def __init__(self, seed: int) -> None:
        """Begin with a seed."""
        with _restored():
            random.seed(seed)
            numpy = _numpy()
            if numpy:
                numpy.random.seed(seed % 2**32)
            self._state = _state()

    @contextmanager
    def own(self) -> Iterator[None]:
        """Let the block draw from this episode's generators."""
        with _restored():
            _set(self._state)
            try:
                yield
            finally:
                self._state = _state()

    def copy(self) -> tuple[Any, Any]:
        """Return the state, to go back to."""
        return self._state

    def go_back(self, state: tuple[Any, Any]) -> None:
        """Go back to an earlier state."""
        self._state = state


@contextmanager
def _restored() -> Iterator[None]:
    """Leave the global generators as they were before the block."""
    before = _state()
    try:
        yield
    finally:
        _set(before)


def _state() -> tuple[Any, Any]:
    numpy = _numpy()
    return random.getstate(), numpy.random.get_state() if numpy else None


def _set(state: tuple[Any, Any]) -> None:
    random.setstate(state[0])
    numpy = _numpy()
    if numpy and state[1] is not None:
        numpy.random.set_state(state[1])


def _numpy() -> Any:
    """Return numpy where something has loaded it; nothing can have drawn from it otherwise."""
    return sys.modules.get("numpy")
