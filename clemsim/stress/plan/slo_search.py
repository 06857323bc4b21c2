"""The search for the most conversations that keep an SLO: double until it breaks, then bisect. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

L = TypeVar("L", int, float)  # a load
TOLERANCE = 0.1  # of the greatest load that kept the SLO; the next greater one that was tried is nearer than that


@dataclass(frozen=True, slots=True)
class SloSearch:
    """A search among whole numbers of conversations from `first` to `most`."""

    first: int
    most: int

    def next_load(self, tried: Mapping[int, bool]) -> int | None:
        """Return the load to try next, given which loads kept the SLO; None when the search is over.

        A load that keeps the SLO above one that breaks it is noise: only loads below the least that broke it count.
        """
        kept, broken = bounds(tried)
        if broken is None:
            if kept is None:
                return self.first
            return min(self.most, 2 * kept) if kept < self.most else None
        if kept is None:
            return broken // 2 if broken > 1 else None
        gap = broken - kept
        return kept + gap // 2 if gap > 1 and gap > TOLERANCE * kept else None


def bounds(tried: Mapping[L, bool]) -> tuple[L | None, L | None]:
    """Return the greatest load that kept the SLO below all that broke it, and the least that broke it."""
    broken = min((load for load, kept in tried.items() if not kept), default=None)
    kept = max((load for load, is_kept in tried.items() if is_kept and (broken is None or load < broken)), default=None)
    return kept, broken
