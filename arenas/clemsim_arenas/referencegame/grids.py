"""Five by five grids, and how to draw a target with two distractors that are like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Protocol, TypeVar

T = TypeVar("T")

SIZE = 5
FILLED, EMPTY = "X", "▢"

Cell = tuple[int, int]  # row and column, from 0
Grid = frozenset[Cell]  # the filled cells
Triple = tuple[Grid, Grid, Grid]  # a target and two distractors

CELLS = [(row, column) for row in range(SIZE) for column in range(SIZE)]
ROWS = [frozenset((row, column) for column in range(SIZE)) for row in range(SIZE)]
COLUMNS = [frozenset((row, column) for row in range(SIZE)) for column in range(SIZE)]


class Dice(Protocol):
    """What drawing needs of a `random.Random`."""

    def sample(self, population: Sequence[T], k: int) -> list[T]:
        """`k` different ones."""
        ...


def render(grid: Grid) -> str:
    """Five lines of five cells with a space between."""
    return "\n".join(" ".join(FILLED if (row, column) in grid else EMPTY for column in range(SIZE)) for row in range(SIZE))


def drawn(*lines: str) -> Grid:
    """A grid out of five lines in which `X` is filled."""
    return frozenset((row, column) for row, line in enumerate(lines) for column, cell in enumerate(line) if cell == FILLED)


def parse(text: str) -> Grid:
    """The grid that `render` wrote."""
    return drawn(*(line.replace(" ", "") for line in text.strip().splitlines()))


def unions(stripes: list[Grid]) -> list[Grid]:
    """Every union of one to three of the stripes."""
    return [frozenset().union(*some) for count in (1, 2, 3) for some in combinations(stripes, count)]


def diagonals() -> list[Grid]:
    """Diagonals in both directions, at least three cells long, alone and in pairs."""
    down = [frozenset((r, c) for r, c in CELLS if r - c == shift) for shift in range(-2, 3)]
    up = [frozenset((r, c) for r, c in CELLS if r + c == total) for total in range(2, 7)]
    return down + up + [one | other for one, other in combinations(down + up, 2)]


_FONT = """
.XXX.|X...X|XXXXX|X...X|X...X  XXXX.|X...X|XXXX.|X...X|XXXX.  .XXXX|X....|X....|X....|.XXXX  XXXX.|X...X|X...X|X...X|XXXX.
XXXXX|X....|XXXX.|X....|XXXXX  XXXXX|X....|XXXX.|X....|X....  .XXXX|X....|X..XX|X...X|.XXXX  X...X|X...X|XXXXX|X...X|X...X
XXXXX|..X..|..X..|..X..|XXXXX  XXXXX|...X.|...X.|X..X.|.XX..  X...X|X..X.|XXX..|X..X.|X...X  X....|X....|X....|X....|XXXXX
X...X|XX.XX|X.X.X|X...X|X...X  X...X|XX..X|X.X.X|X..XX|X...X  .XXX.|X...X|X...X|X...X|.XXX.  XXXX.|X...X|XXXX.|X....|X....
.XXX.|X...X|X.X.X|X..X.|.XX.X  XXXX.|X...X|XXXX.|X..X.|X...X  .XXXX|X....|.XXX.|....X|XXXX.  XXXXX|..X..|..X..|..X..|..X..
X...X|X...X|X...X|X...X|.XXX.  X...X|X...X|X...X|.X.X.|..X..  X...X|X...X|X.X.X|XX.XX|X...X  X...X|.X.X.|..X..|.X.X.|X...X
X...X|.X.X.|..X..|..X..|..X..  XXXXX|...X.|..X..|.X...|XXXXX
"""

_SHAPES = """
..X..|..X..|XXXXX|..X..|..X..  XXXXX|X...X|X...X|X...X|XXXXX  .....|.XXX.|.XXX.|.XXX.|.....  XXXXX|XXXXX|XXXXX|XXXXX|XXXXX
..X..|.X.X.|X...X|.X.X.|..X..  ..X..|.XXX.|XXXXX|.XXX.|..X..  ..X..|.XXX.|XXXXX|.....|.....  .....|.....|XXXXX|.XXX.|..X..
XXXXX|.XXX.|..X..|.XXX.|XXXXX  X...X|XX.XX|XXXXX|XX.XX|X...X  ..X..|.XXX.|X.X.X|..X..|..X..  ..X..|..X..|X.X.X|.XXX.|..X..
..X..|.X...|XXXXX|.X...|..X..  ..X..|...X.|XXXXX|...X.|..X..  X....|XX...|XXX..|XXXX.|XXXXX  XXXXX|.XXXX|..XXX|...XX|....X
X.X.X|.X.X.|X.X.X|.X.X.|X.X.X  X...X|.....|..X..|.....|X...X  XX.XX|XX.XX|.....|XX.XX|XX.XX  .....|XXXXX|.....|XXXXX|.....
.X.X.|.X.X.|.X.X.|.X.X.|.X.X.  .X.X.|XXXXX|XXXXX|.XXX.|..X..  XXXXX|X....|X.XXX|X...X|XXXXX  X....|X....|X....|X....|XXXXX
"""


def letters() -> list[Grid]:
    """The capital letters A to Z."""
    return _pictures(_FONT)


def shapes() -> list[Grid]:
    """Plus, frame, block, diamonds, triangles, hourglass, arrows and the like."""
    return _pictures(_SHAPES)


def _pictures(text: str) -> list[Grid]:
    return [drawn(*picture.split("|")) for picture in text.split()]


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
