"""What takes longer to compute than a reader waits: the page says so, and shows it when it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 2.0  # seconds that a page waits


class Computations:
    """Computations by name. Pages are made in threads: what two of them ask for is computed once."""

    def __init__(self) -> None:
        """Compute nothing yet."""
        self._lock = threading.Lock()
        self._running: dict[Hashable, Future[Any]] = {}

    def of(self, name: Hashable, work: Callable[[], T], patience: float | None = PATIENCE) -> T | None:
        """Return what `work` returns, or raise what it raises; None where that takes longer than `patience` seconds: it goes
        on, and the next who asks for this name gets it. Without `patience` it is waited for.
        """
        with self._lock:
            future = self._running.get(name)
            if future is None:
                future = self._running[name] = Future()
                threading.Thread(target=_run, args=(work, future), name="computation", daemon=True).start()
        if not wait([future], patience).done:
            return None
        with self._lock:
            if self._running.get(name) is future:
                del self._running[name]
        found: T = future.result()
        return found

    def is_computing(self, name: Hashable) -> bool:
        """Return whether this is being computed."""
        with self._lock:
            future = self._running.get(name)
        return future is not None and not future.done()


def _run(work: Callable[[], object], future: Future[Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # whoever asks gets it
        future.set_exception(error)
