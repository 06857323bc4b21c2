"""Deal or no deal: what there is, what it is worth to each, and who wanted what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, Paragraph, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.dond.goods import Division, Goods
from clemsim_arenas.negotiations.seats import FIRST, SECOND

LEGEND: Mapping[Tone, str] = {"bad": "more than there are", "good": "wanted by one"}


def tables(goods: Goods, proposals: Sequence[tuple[int, str, Sequence[int]]]) -> Iterator[Piece]:
    """Yield what is to be divided, and the proposals after each of them; `proposals`: the turn, the seat, the pieces."""
    wanted: dict[str, Sequence[int]] = {}
    yield _table(goods, wanted, 0)
    for turn, seat, counts in proposals:
        wanted[seat] = counts
        yield _table(goods, wanted, turn)
    if len(wanted) == 2:
        division = Division.of(goods, wanted[FIRST], wanted[SECOND])
        if division is None:
            yield Paragraph("There are not enough pieces for both: nobody gets anything.", "bad")
        else:
            one, two = division.points
            yield Paragraph(f"The first seat gets {one} points, the second {two}.", "good")


def _table(goods: Goods, wanted: Mapping[str, Sequence[int]], turn: int) -> Piece:
    rows: list[tuple[str | Toned, ...]] = []
    for place, (name, count) in enumerate(zip(goods.more, goods.counts, strict=True)):
        shares = [wanted[seat][place] if seat in wanted else None for seat in (FIRST, SECOND)]
        total = sum(share or 0 for share in shares)
        tone: Tone = "bad" if total > count else "good"
        cells = [Toned("") if share is None else Toned(str(share), tone if share else "neutral") for share in shares]
        rows.append((name, str(count), *(str(own[place]) for own in goods.values), *cells))
    columns = ("item", "pieces", "worth to the first", "to the second", "the first wants", "the second wants")
    return CellTable.of(columns, rows, legend=LEGEND if wanted else None, title="The division", after=turn)
