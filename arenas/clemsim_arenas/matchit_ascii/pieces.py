"""Match it: both grids with the cells in which they differ, and what each player decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from clemsim import Grid, Paragraph, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.grids.grids import EMPTY
from clemsim_arenas.grids.pieces import cells

LEGEND: Mapping[Tone, str] = {"near": "differs from the other grid"}


def grids(grid_a: str, grid_b: str) -> Iterator[Piece]:
    """Yield the grids of both players."""
    for title, own, other in (("Player a's grid", grid_a, grid_b), ("Player b's grid", grid_b, grid_a)):
        none: list[str] = []
        pairs = zip_longest(cells(own), cells(other), fillvalue=none)
        rows = [[_cell(here, there) for here, there in zip_longest(*pair, fillvalue="")] for pair in pairs]
        yield Grid.of(rows, legend=LEGEND if grid_a != grid_b else None, title=title)


def decision(seat: str, decided: str, solution: str, turn: int) -> Piece:
    """Return what a player decided."""
    right = decided == solution
    name = seat.replace("_", " ")
    return Paragraph(f"{name} decides: {decided}, which is {'right' if right else 'wrong'}", _tone(right), after=turn)


def _tone(right: bool) -> Tone:
    return "good" if right else "bad"


def _cell(own: str, other: str) -> Toned:
    if own != other:
        return Toned(own, "near")
    return Toned(own, "faint" if own == EMPTY else "neutral")
