"""The indexes of the runs that are looked at: facts are brought up to date before a page is made, texts behind its back."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from clemsim.errors import ClemsimError
from clemsim.results.episode_index.index import EpisodeIndex, IndexState

MOST = 4  # indexes that stay open
PATIENCE = 2.0  # seconds that a page waits for the facts of a run that is large and new here
REST = 3  # times what a look took must pass before the next one


@dataclass(frozen=True, slots=True)
class Indexed:
    """The index of a run as a page finds it. `texting`: episodes whose texts it holds, and of how many; None: all.
    `complete`: the facts of all episodes are in it.
    """

    index: EpisodeIndex
    texting: IndexState | None = None
    complete: bool = True


class RunIndexes:
    """The indexes that were asked for last. Each is filled by one thread of its own, which ends when nothing is left."""

    def __init__(self) -> None:
        """Open none yet."""
        self._open: OrderedDict[Path, _Filler] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, folder: Path, *, wait: bool = False) -> Indexed:
        """Return the index of a run, its facts as new as the store unless that takes long; with `wait` also its texts,
        however long it takes. Raises StoreError.
        """
        with self._lock:
            filler = self._open.get(folder) or _Filler(EpisodeIndex(folder))
            self._open[folder] = filler
            self._open.move_to_end(folder)
            old = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MOST)]
        for each in old:
            each.close()
        if wait:
            filler.index.sync()
            return Indexed(filler.index)
        return filler.look()

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            fillers = list(self._open.values())
            self._open.clear()
        for filler in fillers:
            filler.close()


class _Filler:
    """Brings one index up to date whenever somebody looks."""

    def __init__(self, index: EpisodeIndex) -> None:
        self.index = index
        self._changed = threading.Condition()
        self._asked = self._done = 0  # looks that were asked for, and the last one whose facts are there
        self._thread: threading.Thread | None = None
        self._closed = False
        self._texted = False
        self._next = 0.0  # when the facts are to be looked at again
        self._problem: ClemsimError | None = None

    def look(self) -> Indexed:
        """Return how the index stands, after a look at the store."""
        with self._changed:
            if monotonic() >= self._next:
                self._asked += 1
                wanted = self._asked
                self._start()
            else:
                wanted = self._done
            complete = self._changed.wait_for(lambda: self._done >= wanted or self._problem, PATIENCE)
            if self._problem:
                problem, self._problem = self._problem, None
                raise problem
            texted = self._texted
        return Indexed(self.index, None if texted else self._state(), bool(complete))

    def close(self) -> None:
        """Stop filling, and close the index."""
        with self._changed:
            self._closed = True
            thread = self._thread
        if thread:
            thread.join()
        self.index.close()

    def _state(self) -> IndexState | None:
        state = self.index.state()
        return None if state.whole else state

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._fill, name="index", daemon=True)
            self._thread.start()

    def _fill(self) -> None:
        while True:
            with self._changed:
                wanted = self._asked
            problem = self._sync(wanted)
            with self._changed:
                if problem or self._closed or self._asked == wanted:
                    self._problem = problem
                    self._texted = self._texted or not (problem or self._closed)
                    self._thread = None
                    self._changed.notify_all()
                    return

    def _sync(self, wanted: int) -> ClemsimError | None:
        """Bring facts up to date, then texts, until somebody looks again."""
        try:
            begun = monotonic()
            changed = self.index.sync(texts=False)
            with self._changed:
                self._done = wanted
                self._texted = self._texted and not changed
                self._next = monotonic() + REST * (monotonic() - begun)
                self._changed.notify_all()
            self.index.sync(stop=lambda: self._closed or self._asked > wanted)
        except ClemsimError as error:
            return error
        return None
