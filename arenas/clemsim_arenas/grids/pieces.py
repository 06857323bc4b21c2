"""Grids of letters as they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from clemsim import Grid, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.grids.grids import EMPTY

AGREEMENT: Mapping[Tone, str] = {"good": "as in the target", "bad": "not in the target", "near": "missing"}


def drawn(text: str, title: str, after: int | None = None) -> Grid:
    """Return a grid of letters; empty cells stand back."""
    return Grid.of(cells(text), lambda cell: "faint" if cell == EMPTY else "neutral", title=title, after=after)


def compared(text: str, target: str, title: str, after: int | None = None) -> Grid:
    """Return a grid of letters with how each of its cells agrees with the target; a cell that is missing has the letter of
    the target.
    """
    none: list[str] = []
    rows = zip_longest(cells(text), cells(target), fillvalue=none)
    made = [[_cell(own, right) for own, right in zip_longest(*pair, fillvalue=EMPTY)] for pair in rows]
    return Grid.of(made, legend=AGREEMENT, title=title, after=after)


def cells(text: str) -> list[list[str]]:
    """Return the cells of a grid as text, row by row."""
    return [line.split() for line in text.strip().splitlines()]


def _cell(own: str, right: str) -> Toned:
    if own == EMPTY:
        return Toned(own, "faint") if right == EMPTY else Toned(right, "near")
    return Toned(own, "good" if own.lower() == right.lower() else "bad")
