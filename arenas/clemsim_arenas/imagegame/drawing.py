"""How well a drawn grid agrees with the target, and how many cells a round changed.

The numbers are clembench's, with its accidents: rows are split at line feeds and cells at blanks, although a grid whose
cells stand apart by other white space passes for one.
"""

from __future__ import annotations

from dataclasses import dataclass

from clemsim_arenas.grids.grids import EMPTY, SIZE

BLANK = "\n".join([" ".join([EMPTY] * SIZE)] * SIZE)


@dataclass(frozen=True, slots=True)
class GridMatch:
    """Precision, recall and F1 of the filled cells in whole percent."""

    precision: float = 0.0
    recall: float = 0.0
    f1: float = 0.0


NONE = GridMatch()


def match(target: str, drawn: str, before: GridMatch = NONE) -> GridMatch:
    """Return how the filled cells agree; a cell is right with the right letter (in any case) in the right place.

    Zeros where the number of rows, or of cells in the first row, is not the target's; `before`, the agreement of the round
    before, where a later row has too few cells or no cell is filled (clembench fails there and goes on).
    """
    wanted, cells = _cells(target), _cells(drawn)
    if len(wanted) != len(cells) or len(wanted[0]) != len(cells[0]):
        return NONE
    pairs = _pairs(wanted, cells)
    if pairs is None:
        return before
    right = sum(a.lower() == b.lower() for a, b in pairs if a != EMPTY)
    filled, expected = sum(b != EMPTY for _, b in pairs), sum(a != EMPTY for a, _ in pairs)
    if not filled:
        return before
    return _match(_share(right, filled), _share(right, expected))


def is_empty(drawn: str) -> bool:
    """Return whether no cell is filled."""
    return not drawn.replace(EMPTY, "").strip()


def changed(before: str, now: str) -> int:
    """Return how many of the cells before are others now; 0 where a cell before has none in its place."""
    pairs = _pairs(_cells(before), _cells(now))
    return 0 if pairs is None else sum(a.lower() != b.lower() for a, b in pairs)


def _pairs(first: list[list[str]], second: list[list[str]]) -> list[tuple[str, str]] | None:
    """Return each cell of the first grid with that of the second in its place; None where one has none."""
    try:
        return [(cell, second[r][c]) for r, row in enumerate(first) for c, cell in enumerate(row)]
    except IndexError:
        return None


def _match(precision: float, recall: float) -> GridMatch:
    f1 = round(2 * precision * recall / (precision + recall), 4) if precision and recall else 0.0
    return GridMatch(_percent(precision), _percent(recall), _percent(f1))


def _cells(grid: str) -> list[list[str]]:
    return [row.split(" ") for row in grid.strip().split("\n")]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _percent(share: float) -> float:
    return round(100 * share, 0)
