"""Where two dialogues part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from clemsim.results.dialogue.model import Dialogue, DialogueTurn, TurnBatch

What = Literal["seat", "asked", "replied", "judged", "length", "outcome"]


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first difference between two dialogues, `a` and `b`: in the turn `turn`, whose place among the steps is `step_a`
    and `step_b` (None: that dialogue has no such turn).

    `what`: another `seat` was asked, the seat was `asked` or told something else, it `replied` something else, the same
    reply was `judged` otherwise, one dialogue has no turn more (`length`), or all turns are alike and the `outcome` is not.
    """

    what: What
    turn: int
    step_a: int | None
    step_b: int | None


def first_difference(a: Dialogue, b: Dialogue) -> FirstDifference | None:
    """Return where two dialogues part first; None where all asks, replies and outcomes are the same. What a model has
    thought aloud, and what its replies cost, is not looked at.
    """
    number = 0
    for first, second in zip_longest(_placed(a), _placed(b)):
        number = (first or second)[1].number
        if first is None or second is None:
            return FirstDifference("length", number, first and first[0], second and second[0])
        if (what := _difference(first[1], second[1])) is not None:
            return FirstDifference(what, number, first[0], second[0])
    if a.outcome != b.outcome:
        return FirstDifference("outcome", number, None, None)
    return None


def _placed(dialogue: Dialogue) -> Sequence[tuple[int, DialogueTurn]]:
    steps = enumerate(dialogue.steps)
    return [(place, turn) for place, step in steps if isinstance(step, TurnBatch) for turn in step.turns]


def _difference(a: DialogueTurn, b: DialogueTurn) -> What | None:
    if a.seat != b.seat:
        return "seat"
    if (a.heard, a.asked, a.aside) != (b.heard, b.asked, b.aside):
        return "asked"
    if (a.reply is None) != (b.reply is None):
        return "length"
    if a.reply and b.reply and (a.reply.text, a.reply.calls) != (b.reply.text, b.reply.calls):
        return "replied"
    if (a.parsed, a.move, a.rejected) != (b.parsed, b.move, b.rejected):
        return "judged"
    return None
