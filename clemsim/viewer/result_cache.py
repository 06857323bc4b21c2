"""Keeps what took long to compute, as long as what it was computed from stays the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import ParamSpec, TypeVar, cast

from clemsim.viewer.other_process import in_other_process

P = ParamSpec("P")
T = TypeVar("T")
MOST = 4000  # results
FEW = 4  # large ones
LISTS = 64  # of choices


class ResultCache:
    """Results by name, the most recent ones. Pages are made in threads: what two of them ask for is computed once."""

    def __init__(self, most: int = MOST) -> None:
        """Keep nothing yet, and `most` results later."""
        self._most = most
        self._results: OrderedDict[Hashable, tuple[object, object]] = OrderedDict()
        self._locks: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def of(self, name: Hashable, stamp: object, make: Callable[[], T]) -> T:
        """Return the result of this name; computed anew where `stamp` is another than last time."""
        return self._cached(name, stamp, make)

    def in_other_process(
        self, name: Hashable, stamp: object, function: Callable[P, T], *values: P.args, **named: P.kwargs
    ) -> T:
        """Return the same of a function of a module, which is called in a process of its own."""
        return self._cached(name, stamp, lambda: in_other_process(function, *values, **named))

    def _cached(self, name: Hashable, stamp: object, make: Callable[[], T]) -> T:
        with self._lock:
            own = self._locks.setdefault(name, Lock())
        with own:
            with self._lock:
                found = self._results.get(name)
            if found is None or found[0] != stamp:
                found = stamp, make()
            with self._lock:
                self._results[name] = found
                self._results.move_to_end(name)
                while len(self._results) > self._most:
                    oldest, _ = self._results.popitem(last=False)
                    self._locks.pop(oldest, None)
        return cast(T, found[1])
