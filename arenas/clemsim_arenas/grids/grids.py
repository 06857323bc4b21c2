"""Five by five grids as text."""

from __future__ import annotations

SIZE = 5
FILLED, EMPTY = "X", "▢"

Cell = tuple[int, int]  # row and column, from 0
Grid = frozenset[Cell]  # the filled cells

CELLS = [(row, column) for row in range(SIZE) for column in range(SIZE)]
ROWS = [frozenset((row, column) for column in range(SIZE)) for row in range(SIZE)]
COLUMNS = [frozenset((row, column) for row in range(SIZE)) for column in range(SIZE)]


def render(grid: Grid, letter: str = FILLED) -> str:
    """Return five lines of five cells with a space between them; filled cells hold `letter`."""
    return "\n".join(" ".join(letter if (row, column) in grid else EMPTY for column in range(SIZE)) for row in range(SIZE))


def grid_of(*lines: str) -> Grid:
    """Return the grid of five lines in which `X` marks the filled cells."""
    return frozenset((row, column) for row, line in enumerate(lines) for column, cell in enumerate(line) if cell == FILLED)


def parse(text: str) -> Grid:
    """Return the grid that `render` wrote."""
    return grid_of(*(line.replace(" ", "") for line in text.strip().splitlines()))
