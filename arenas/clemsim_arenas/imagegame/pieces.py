"""Image game: the target, and the grid after each instruction against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clemsim import Piece
from clemsim_arenas.grids.pieces import compared, drawn


def pictures(target: str, grids: Sequence[tuple[int, str]]) -> Iterator[Piece]:
    """Yield the target, and each drawn grid; `grids`: the turn and the text of each."""
    yield drawn(target, "Target")
    for turn, text in grids:
        yield compared(text, target, "Drawn", turn)
