"""Which of several places answers an episode: the one whose prefix cache contains its beginning.

A new episode goes to the place that comes first for it (rendezvous hashing: Thaler and Ravishankar 1998) and is not
overloaded (bounded load: Mirrokni, Thorup and Zadimoghaddam 2018).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import Generic, TypeVar

BOUND = 1.25  # times the mean load, from which on a place gets no new episode
MOVE = 4  # requests, and the mean: a place with so many more than the idlest one loses episodes to it
REMEMBERED = 100_000  # episodes whose place is known


@dataclass(slots=True, eq=False)
class CachePlace:
    """One of several replicas, or one of the engines behind a server."""

    name: str
    up: bool = True
    in_flight: int = 0  # requests


P = TypeVar("P", bound=CachePlace)


class Affinity(Generic[P]):
    """Remembers the place of each episode."""

    def __init__(self) -> None:
        self._assigned: OrderedDict[str, P] = OrderedDict()  # by episode

    def choose(self, episode: str, available: Sequence[P]) -> P:
        """Return the place of an episode, one of those `available`: the one it had, unless that is down or overloaded."""
        mean = (sum(place.in_flight for place in available) + 1) / len(available)
        place = self._assigned.get(episode)
        if place is None or not place.up or _excess(place, available) > max(MOVE, mean):
            place = self._assign(episode, available, mean)
        return place

    def _assign(self, episode: str, available: Sequence[P], mean: float) -> P:
        ranked = sorted(available, key=lambda place: _weight(episode, place.name))
        chosen = next((place for place in ranked if place.in_flight < ceil(BOUND * mean)), ranked[0])
        self._assigned[episode] = chosen
        if len(self._assigned) > REMEMBERED:
            self._assigned.popitem(last=False)
        return chosen


def _excess(place: CachePlace, available: Sequence[CachePlace]) -> int:
    """Return how many more requests are in flight at a place than at the idlest one."""
    return place.in_flight - min(other.in_flight for other in available)


def _weight(episode: str, place: str) -> bytes:
    return blake2b(f"{episode}\0{place}".encode(), digest_size=8).digest()
