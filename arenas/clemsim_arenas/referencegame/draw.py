"""Draw a target with two distractors of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clemsim.game.seeds import Dice
from clemsim_arenas.grids.grids import CELLS, COLUMNS, ROWS, Grid
from clemsim_arenas.grids.pictures import diagonals, digits, letters, shapes, unions

Triple = tuple[Grid, Grid, Grid]  # a target and two distractors


def among(grids: list[Grid], dice: Dice) -> Iterator[Triple]:
    """Yield three different grids out of `grids`, without end."""
    while True:
        target, one, other = dice.sample(grids, 3)
        yield target, one, other


def scattered(dice: Dice) -> Iterator[Triple]:
    """Yield targets of ten cells, with distractors that have three of these cells moved, without end."""
    while True:
        target = frozenset(dice.sample(CELLS, 10))
        yield target, _moved(target, dice), _moved(target, dice)


def _moved(grid: Grid, dice: Dice) -> Grid:
    emptied = dice.sample(sorted(grid), 3)
    filled = dice.sample([cell for cell in CELLS if cell not in grid], 3)
    return grid - frozenset(emptied) | frozenset(filled)


KINDS: dict[str, Callable[[Dice], Iterator[Triple]]] = {
    "rows": lambda dice: among(unions(ROWS), dice),
    "columns": lambda dice: among(unions(COLUMNS), dice),
    "diagonals": lambda dice: among(diagonals(), dice),
    "letters": lambda dice: among(letters(), dice),
    "numbers": lambda dice: among(digits(), dice),
    "shapes": lambda dice: among(shapes(), dice),
    "random": scattered,
}


def triples(kind: str, dice: Dice, count: int) -> list[Triple]:
    """Return `count` triples of a kind, no two with the same three grids."""
    unique: dict[frozenset[Grid], Triple] = {}
    for triple in KINDS[kind](dice):
        if len(set(triple)) == 3:
            unique.setdefault(frozenset(triple), triple)
        if len(unique) == count:
            break
    return list(unique.values())
