"""Private and shared: what the questioner knows, and what the answerer believes that it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.privateshared.account import Account

LEGEND: Mapping[Tone, str] = {"good": "a right belief", "bad": "a wrong belief", "highlight": "known to the questioner"}
BELIEFS: Mapping[Tone, str] = {"good": "a right belief", "bad": "a wrong belief"}


def tables(account: Account, turns: Sequence[int]) -> Iterator[Piece]:
    """Yield what was believed in each set of probes, and all of it; `turns`: the last turn of each set."""
    private = account.instance.slots
    for set_, (turn, beliefs) in enumerate(zip(turns, account.beliefs, strict=False)):
        known = account.known(account.played_after[set_])
        rows = [(slot, value, *_belief(slot in known, believed=beliefs.get(slot, False))) for slot, value in private.items()]
        columns = ("slot", "value", "known", "believed")
        yield CellTable.of(columns, rows, legend=LEGEND, title="What the questioner knows", after=turn)
    yield _whole(account)


def _belief(known: bool, *, believed: bool) -> tuple[Toned, Toned]:
    right = known == believed
    return Toned("yes" if known else "no", "highlight" if known else "neutral"), Toned(
        "yes" if believed else "no", "good" if right else "bad"
    )


def _whole(account: Account) -> Piece:
    """Return the beliefs of all sets: a column for each, under the number of the round after which it was played."""
    rounds = account.played_after[: len(account.beliefs)]
    asked = {request.slot: number for number, request in enumerate(account.instance.requests, 1)}
    rows: list[tuple[str | Toned, ...]] = []
    for slot, value in account.instance.slots.items():
        beliefs = [
            _belief(slot in account.known(after), believed=own.get(slot, False))[1]
            for after, own in zip(rounds, account.beliefs, strict=False)
        ]
        rows.append((slot, value, str(asked.get(slot, "")), *beliefs))
    columns = ("slot", "value", "asked in", *(str(after) if after else "before" for after in rounds))
    return CellTable.of(columns, rows, legend=BELIEFS, title="Believed to be known, by round")
