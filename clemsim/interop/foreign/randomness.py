"""The global random numbers that environments draw from, kept apart for each episode.

An environment seeds and uses Python's and numpy's global generators, which all episodes of a process would share: what one
of them draws would hang on when the others move, and no recording could be driven again.

Python's generator is given its state anew for every block; numpy's, whose state takes ten times as long to copy, is replaced
by the episode's own. A normal deviate that numpy keeps for the next draw is lost where a block ends.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Randomness:
    """The global generators as one episode has left them."""

    def __init__(self, seed: int) -> None:
        """Begin with a seed, as `random.seed` and `numpy.random.seed` do."""
        self._seed = seed
        self._python = random.Random(seed).getstate()
        self._numpy: Any = None  # a bit generator, made once numpy is there

    @contextmanager
    def own(self) -> Iterator[None]:
        """Let the block draw from this episode's generators."""
        outside, numpy = random.getstate(), _numpy()
        if numpy:
            replaced = numpy.random.get_bit_generator()
            numpy.random.set_bit_generator(self._bits(numpy))
        random.setstate(self._python)
        try:
            yield
        finally:
            self._python = random.getstate()
            random.setstate(outside)
            if numpy:
                numpy.random.set_bit_generator(replaced)

    def copy(self) -> tuple[Any, Any]:
        """Return the state, to go back to."""
        return self._python, None if self._numpy is None else self._numpy.state

    def go_back(self, state: tuple[Any, Any]) -> None:
        """Go back to an earlier state."""
        self._python, bits = state
        if bits is None:
            self._numpy = None
        else:
            self._numpy.state = bits

    def _bits(self, numpy: Any) -> Any:
        """Return the episode's bit generator for numpy, made with its seed when it is first used."""
        if self._numpy is None:
            self._numpy = numpy.random.MT19937()
            self._numpy.state = numpy.random.RandomState(self._seed % 2**32).get_state(legacy=False)
        return self._numpy


def _numpy() -> Any:
    """Return numpy where something has loaded it; nothing can have drawn from it otherwise."""
    return sys.modules.get("numpy")
