"""Hot air balloon: the items with their weights and hidden values, and the proposals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, FactList, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.hot_air_balloon.cargo import Cargo

Act = tuple[int, str, str, Sequence[str]]  # the turn, the seat, what it does, and the set
WORTH = ("weight", "worth to the first", "to the second")
VERBS = {"proposed": "proposes", "refused": "refuses", "agreed": "agrees to"}


def tables(cargo: Cargo, acts: Sequence[Act], deal: Sequence[str] | None) -> Iterator[Piece]:
    """Yield the items, of which those of the deal stand out, and the acts after each turn."""
    yield FactList.of({"limit by weight": str(cargo.limit)})
    legend: Mapping[Tone, str] = {"highlight": "agreed on"} if deal is not None else {}
    items = [_item(cargo, item, "highlight" if item in (deal or ()) else "neutral") for item in cargo.weights]
    yield CellTable.of(("item", *WORTH), items, legend=legend, title="Items")
    for turn in dict.fromkeys(act[0] for act in acts):
        so_far = [_row(cargo, act) for act in acts if act[0] <= turn]
        columns = ("turn", "seat", "", "items", *WORTH)
        yield CellTable.of(columns, so_far, legend={"bad": "too heavy"}, title="Proposals", after=turn)


def _item(cargo: Cargo, item: str, tone: Tone) -> tuple[str | Toned, ...]:
    return Toned(item, tone), str(cargo.weights[item]), *(str(own[item]) for own in cargo.values)


def _row(cargo: Cargo, act: Act) -> tuple[str | Toned, ...]:
    turn, seat, verb, items = act
    known = [item for item in items if item in cargo.weights]
    weight = sum(cargo.weights[item] for item in known)
    worth = [str(sum(own[item] for item in known)) for own in cargo.values]
    told = Toned(str(weight), "bad" if weight > cargo.limit else "neutral")
    return str(turn), seat, VERBS[verb], ", ".join(items), told, *worth
