"""The summary of a large run that has none of its own yet: another process makes it, so that pages stay quick meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic

from clemsim.errors import ClemsimError
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.viewer.other_process import in_other_process

LARGE = 5000  # episodes
PATIENCE = 2.0  # seconds that the page which asks first waits
REST = 10  # times what a summary took must pass before the next one


class LargeSummary:
    """The summary of one run as it was not long ago."""

    def __init__(self, folder: Path) -> None:
        """Make nothing yet."""
        self._folder = folder
        self._changed = threading.Condition()
        self._stamp: object = None
        self._summary: RunSummary | None = None
        self._problem: ClemsimError | None = None
        self._working = False
        self._next = 0.0  # when it may be made again

    def of(self, stamp: object) -> RunSummary | None:
        """Return the summary, which is made anew where `stamp` is another than last time, though not all the time; None
        until the first is there. Raises StoreError.
        """
        with self._changed:
            if stamp != self._stamp and not self._working and monotonic() >= self._next:
                self._working, self._stamp = True, stamp
                threading.Thread(target=self._make, name="summary", daemon=True).start()
                self._changed.wait_for(lambda: self._summary or not self._working, PATIENCE)
            if self._problem:
                raise self._problem
            return self._summary

    def _make(self) -> None:
        begun = monotonic()
        found, problem = None, None
        try:
            found = in_other_process(summarize_run, self._folder)
        except ClemsimError as error:
            problem = error
        with self._changed:
            self._summary, self._problem = found or self._summary, problem
            self._working = False
            self._next = monotonic() + REST * (monotonic() - begun)
            self._changed.notify_all()
