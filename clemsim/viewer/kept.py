"""Keeps what took long to compute, as long as what it was computed from stays the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

T = TypeVar("T")
MOST = 64  # results


class Kept:
    """Results by name, the most recent ones. Pages are made in threads: what two of them ask for is computed once."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._results: OrderedDict[Hashable, tuple[object, object]] = OrderedDict()
        self._locks: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def of(self, name: Hashable, stamp: object, make: Callable[[], T]) -> T:
        """Return the result of this name; computed anew where `stamp` is another than last time."""
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
                while len(self._results) > MOST:
                    oldest, _ = self._results.popitem(last=False)
                    self._locks.pop(oldest, None)
        return cast(T, found[1])
