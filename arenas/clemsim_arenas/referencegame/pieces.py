"""Reference game: the target, and the grids among which it was to be found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clemsim import Paragraph, Piece
from clemsim_arenas.grids.pieces import drawn

NAMES = ("first", "second", "third")


def pictures(grids: Sequence[str], order: Sequence[int], answer: int) -> Iterator[Piece]:
    """Yield the giver's target and the follower's grids; `answer`: the number of the target among these."""
    yield drawn(grids[0], "The giver's target")
    for number, (name, place) in enumerate(zip(NAMES, order, strict=False)):
        yield drawn(grids[place], f"The follower's {name}{': the target' if number == answer else ''}")


def choice(chosen: int | None, answer: int, turn: int) -> Piece:
    """Return which grid the follower chose."""
    if chosen is None or not 0 <= chosen < len(NAMES):
        return Paragraph("The follower chose none of the grids.", "bad", after=turn)
    text = f"The follower chose the {NAMES[chosen]} grid"
    if chosen == answer:
        return Paragraph(f"{text}: the target.", "good", after=turn)
    return Paragraph(f"{text}; the target is the {NAMES[answer]}.", "bad", after=turn)
