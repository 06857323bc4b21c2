"""The indexes of runs for a report, which shows all runs as they are when it gets to them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from clemsim.results.episode_index.index import EpisodeIndex
from clemsim.viewer.indexes import Indexed, RunIndexes

MOST = 4  # that stay open


class SettledIndexes(RunIndexes):
    """Indexes that are brought up to date when they are opened, and not again with every page."""

    def __init__(self) -> None:
        """Open none yet."""
        super().__init__()
        self._settled: OrderedDict[Path, EpisodeIndex] = OrderedDict()

    def of(self, folder: Path, *, wait: bool = False) -> Indexed:
        """Return the index of a run with all that is in the store. Raises StoreError."""
        index = self._settled.get(folder)
        if index is None:
            index = EpisodeIndex(folder)
            index.sync()
            self._settled[folder] = index
        self._settled.move_to_end(folder)
        while len(self._settled) > MOST:
            self._settled.popitem(last=False)[1].close()
        return Indexed(index)

    def close(self) -> None:
        """Close all of them."""
        while self._settled:
            self._settled.popitem()[1].close()
        super().close()
