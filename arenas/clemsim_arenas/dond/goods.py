"""The instances of dond: items of several types and what they are worth to each; and how good a division of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from pydantic import Field, model_validator

from clemsim_arenas.wordings.wordings import Worded

Mode = Literal["coop", "semi", "comp"]
Counts = Sequence[int]


class Goods(Worded):
    """What is to be divided. Of each type its name for one and for more (`one`, `more`), the number of pieces (`counts`)
    and what a piece is worth to the first and to the second seat (`values`). `mode`: whether the seats look for the highest
    sum of points, each for its own, or for the largest difference. `messages`: how many each seat may send.
    """

    mode: Mode
    one: tuple[str, ...]
    more: tuple[str, ...]
    counts: tuple[int, ...]
    values: tuple[tuple[int, ...], tuple[int, ...]]
    messages: int = Field(default=5, ge=1, le=100)

    @model_validator(mode="after")
    def _consistent(self) -> Goods:
        if len({len(self.one), len(self.more), len(self.counts), *map(len, self.values)}) > 1:
            raise ValueError("the lists are not of one length")
        if not (any(map(any, self.values)) and min(self.counts) >= 0 and min(map(min, self.values)) >= 0):
            raise ValueError("the items are worth nothing, or less")
        return self

    def listed(self) -> str:
        """Return how many pieces there are of each type, as text."""
        words = zip(self.counts, self.one, self.more, strict=True)
        return ", ".join(f"{count} {one if count == 1 else more}" for count, one, more in words)

    def priced(self, number: int) -> str:
        """Return what a piece of each type is worth to a seat, as text."""
        return ", ".join(f"{one}: {value}" for one, value in zip(self.one, self.values[number], strict=True))


@dataclass(frozen=True, slots=True)
class Division:
    """What each seat gets; nobody anything where their proposals do not go together."""

    goods: Goods
    shares: tuple[Counts, Counts]

    @classmethod
    def of(cls, goods: Goods, first: Counts, second: Counts) -> Division | None:
        """Return the division by two proposals; None where there are not enough pieces for both."""
        wanted = zip(goods.counts, first, second, strict=True)
        return None if any(one + two > count for count, one, two in wanted) else cls(goods, (first, second))

    @property
    def points(self) -> tuple[int, int]:
        """The points of each seat."""
        one, two = (_points(share, own) for share, own in zip(self.shares, self.goods.values, strict=True))
        return one, two


def most_together(goods: Goods) -> int:
    """Return the highest sum of points that there is."""
    return sum(count * max(pair) for count, *pair in zip(goods.counts, *goods.values, strict=True))


def loss(goods: Goods, division: Division | None) -> tuple[int, int]:
    """Return by how many points a division, or none, is worse than it could be, and by how many it could be at most.

    That is the sum of points that is missing (coop), or the largest gain of one seat in another division that takes nothing
    from the other (semi). By the difference of points (comp) nothing is ever lost.
    """
    if goods.mode == "coop":
        most = most_together(goods)
        return most - sum(division.points if division else (0, 0)), most
    if goods.mode == "semi":
        most = max(_points(goods.counts, own) for own in goods.values)
        return most if division is None else max(_gains(division)), most
    return 0, 0


def score(goods: Goods, division: Division | None) -> float:
    """Return the main score: 100 where nothing is lost, 0 where all is."""
    lost, most = loss(goods, division)
    return 100 * (1 - lost / most) if most else 100.0


def _gains(division: Division) -> Iterator[int]:
    """Yield what the seats would gain in each full division that takes nothing from either; at least a 0."""
    goods, (one, two) = division.goods, division.points
    yield 0
    for first in product(*(range(count + 1) for count in goods.counts)):
        second = [count - taken for count, taken in zip(goods.counts, first, strict=True)]
        gains = _points(first, goods.values[0]) - one, _points(second, goods.values[1]) - two
        if min(gains) >= 0:
            yield max(gains)


def _points(share: Counts, values: Counts) -> int:
    return sum(count * value for count, value in zip(share, values, strict=True))
