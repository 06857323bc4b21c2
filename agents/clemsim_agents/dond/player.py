"""The baseline of dond: it tells the other what the items are worth to it, and asks for what is worth more to it.

Both work out the same division from what both have told: the highest sum of points and, where there are several, the most
equal one. That is the best for both together, and no other gives one of them more without taking from the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from clemsim_arenas.dond.reading import WORDS
from clemsim_arenas.negotiations.seats import FIRST

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

LABELS = {
    "en": ("The items", "Your values"),
    "de": ("Die Gegenstände", "Deine Werte"),
    "it": ("Gli oggetti", "I tuoi valori"),
}
_PRICE = re.compile(r"([^\s,:]+): (\d+)")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return its values, or its proposal once both have told theirs."""
        told = read(view)
        heard = [dict(_PRICE.findall(message.content)) for message in view[1:] if message.author == MODERATOR]
        known = next((prices for prices in reversed(heard) if prices.keys() >= told.values.keys()), None)
        spoken = any(message.author == view.seat for message in view)
        if not spoken:
            return Message(view.seat, ", ".join(f"{name}: {value}" for name, value in told.values.items()))
        theirs = {name: int(price) for name, price in (known or {}).items()}
        return Message(view.seat, told.proposal([theirs.get(name, 0) for name in told.values], first=view.seat == FIRST))


@dataclass(frozen=True, slots=True)
class DealBriefing:
    """What a seat is told at first."""

    language: str
    names: list[str]
    counts: list[int]
    values: dict[str, int]

    def proposal(self, theirs: list[int], *, first: bool) -> str:
        """Return what this seat asks for, given the other's values."""
        mine = list(self.values.values())

        def merit(share: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
            rest = [count - taken for count, taken in zip(self.counts, share, strict=True)]
            one = sum(taken * value for taken, value in zip(share, mine, strict=True))
            two = sum(left * value for left, value in zip(rest, theirs, strict=True))
            return one + two, min(one, two), share if first else tuple(rest)

        best = max(product(*(range(count + 1) for count in self.counts)), key=merit)
        wanted = ", ".join(f"{count} {name}" for count, name in zip(best, self.names, strict=True) if count)
        return f"[{WORDS[self.language]}: {wanted}]"


def read(view: View) -> DealBriefing:
    """Return what the seat is told at first. Raises UsageError for other prompts than the arena's own."""
    text = view[0].content
    for language, (items, values) in LABELS.items():
        listed, priced = (re.search(rf"^{label}[^:\n]*: (.*)$", text, re.MULTILINE) for label in (items, values))
        if listed and priced:
            pairs = [each.split() for each in listed[1].split(", ")]
            prices = {name: int(price) for name, price in _PRICE.findall(priced[1])}
            counts, names = [int(count) for count, _ in pairs], [name for _, name in pairs]
            return DealBriefing(language, names, counts, prices)
    raise unreadable(view)
