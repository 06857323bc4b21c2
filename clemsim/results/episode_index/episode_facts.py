"""The facts of an episode as lists show them, and the names of what may have happened in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from clemsim.game.instances import EpisodeKey

# What may have happened in an episode, each a bit of the column `flags`, in this order.
FLAGS: Mapping[str, str] = {
    "cut": "a reply was cut at the token limit",
    "thinking": "a model was cut while thinking, before it replied",
    "overflow": "the conversation no longer fit the context",
    "retried": "a request was repeated",
    "filtered": "the provider withheld a reply",
    "re-asked": "a reply was no move, and the game went on asking",
}
BITS = {name: 1 << place for place, name in enumerate(FLAGS)}

# The columns of a row, in the order in which `facts_of` takes them.
COLUMNS = (
    *("id", "arena", "experiment", "instance", "repetition", '"cast"', "status", "outcome", "cause", "reason", "kind"),
    *("blame", "score", "by_seat", "turns", "requests", "retries", "tokens_in", "tokens_out", "tokens_cached", "seconds"),
    *("started", "ended", "flags", "rejected"),
)


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """An episode in one row.

    `outcome` is empty until it has ended; `reason` then says why it is unfinished. `kind`: the reason without quoted text
    and numbers. `score`: the main score (0..100); in a game that is scored by seat alone the highest of `by_seat`, on the
    game's own scale; None: there is none. `seconds`: from its begin to its end, pauses included; `started` and `ended` are
    seconds since the epoch. `rejected`: replies that were no move; they, and the flag `re-asked`, are known once the texts
    are in the index.
    """

    id: int
    arena: str
    experiment: str
    instance: str
    repetition: int
    cast: str
    status: str
    outcome: str
    cause: str
    reason: str
    kind: str
    blame: str
    score: float | None
    by_seat: Mapping[str, float] = field(hash=False)
    turns: int
    requests: int
    retries: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    seconds: float | None
    started: float | None
    ended: float | None
    flags: tuple[str, ...]
    rejected: int

    @property
    def label(self) -> str:
        """Its name, such as `taboo/high_en/3`."""
        return EpisodeKey(self.arena, self.instance, self.repetition, self.cast).label

    @property
    def ending(self) -> str:
        """Its outcome, or its status where it has none."""
        return self.outcome or self.status


def facts_of(row: Sequence[Any]) -> EpisodeFacts:
    """Return the facts in a row of COLUMNS."""
    values = dict(zip(EpisodeFacts.__slots__, row, strict=True))
    values["by_seat"] = orjson.loads(values["by_seat"]) if values["by_seat"] else {}
    values["flags"] = tuple(name for name, bit in BITS.items() if values["flags"] & bit)
    return EpisodeFacts(**values)
