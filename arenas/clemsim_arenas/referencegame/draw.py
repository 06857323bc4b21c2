"""Draws a target with two distractors that are like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from clemsim_arenas.grids.grids import CELLS, COLUMNS, ROWS, Grid
from clemsim_arenas.grids.pictures import diagonals, letters, shapes, unions

T = TypeVar("T")

Triple = tuple[Grid, Grid, Grid]  # a target and two distractors


class Dice(Protocol):
    """What drawing needs of a `random.Random`."""

    def sample(self, population: Sequence[T], k: int) -> list[T]:
        """`k` different ones."""
        ...


def among(grids: list[Grid], dice: Dice) -> Iterator[Triple]:
    """Three different grids out of some, again and again."""
    while True:
        target, one, other = dice.sample(grids, 3)
        yield target, one, other


def scattered(dice: Dice) -> Iterator[Triple]:
    """A target of ten cells; each distractor has three of them moved."""
    while True:
        target = frozenset(dice.sample(CELLS, 10))
        yield target, _moved(target, dice), _moved(target, dice)


def _moved(grid: Grid, dice: Dice) -> Grid:
    gone = dice.sample(sorted(grid), 3)
    come = dice.sample([cell for cell in CELLS if cell not in grid], 3)
    return grid - frozenset(gone) | frozenset(come)


KINDS: dict[str, Callable[[Dice], Iterator[Triple]]] = {
    "rows": lambda dice: among(unions(ROWS), dice),
    "columns": lambda dice: among(unions(COLUMNS), dice),
    "diagonals": lambda dice: among(diagonals(), dice),
    "letters": lambda dice: among(letters(), dice),
    "shapes": lambda dice: among(shapes(), dice),
    "random": scattered,
}


def triples(kind: str, dice: Dice, count: int) -> list[Triple]:
    """So many triples of a kind, no two with the same three grids."""
    found: dict[frozenset[Grid], Triple] = {}
    for triple in KINDS[kind](dice):
        if len(set(triple)) == 3:
            found.setdefault(frozenset(triple), triple)
        if len(found) == count:
            break
    return list(found.values())
