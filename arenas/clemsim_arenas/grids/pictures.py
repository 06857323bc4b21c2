"""Kinds of grids: stripes, diagonals, letters, digits and shapes."""

from __future__ import annotations

from itertools import combinations

from clemsim_arenas.grids.grids import CELLS, Grid, grid_of


def unions(stripes: list[Grid]) -> list[Grid]:
    """Return every union of one to three of the stripes."""
    return [frozenset().union(*chosen) for count in (1, 2, 3) for chosen in combinations(stripes, count)]


def diagonals() -> list[Grid]:
    """Return the diagonals in both directions that are at least three cells long, alone and in pairs."""
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

_DIGITS = """
.XXX.|X...X|X...X|X...X|.XXX.  ..X..|.XX..|..X..|..X..|.XXX.  .XXX.|X...X|...X.|..X..|XXXXX  XXXX.|....X|.XXX.|....X|XXXX.
X..X.|X..X.|XXXXX|...X.|...X.  XXXXX|X....|XXXX.|....X|XXXX.  .XXX.|X....|XXXX.|X...X|.XXX.  XXXXX|...X.|..X..|.X...|.X...
.XXX.|X...X|.XXX.|X...X|.XXX.  .XXX.|X...X|.XXXX|....X|.XXX.
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
    """Return the capital letters A to Z."""
    return _pictures(_FONT)


def digits() -> list[Grid]:
    """Return the digits 0 to 9."""
    return _pictures(_DIGITS)


def shapes() -> list[Grid]:
    """Return plus, frame, block, diamonds, triangles, hourglass, arrows and similar shapes."""
    return _pictures(_SHAPES)


def _pictures(text: str) -> list[Grid]:
    return [grid_of(*picture.split("|")) for picture in text.split()]
