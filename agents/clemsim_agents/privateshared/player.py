"""The baseline of privateshared: looks up what it is asked for, and keeps account of what it has told.

It knows how each slot is spoken of in the game's own texts, as a person would; the table it reads off its prompt.
"""

from __future__ import annotations

import re
from functools import cache

from clemsim_arenas.privateshared.generate import domains

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

_ROW = re.compile(r"^([A-Z]+): (.+)$", re.MULTILINE)


class Baseline(Agent):
    """Answers and keeps account."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return the value asked for, or whether a slot was asked for before."""
        table = {slot.lower(): value for slot, value in _ROW.findall(_table(view[0].content))}
        slot = slot_of(view.ask.content, table)
        if not slot:
            raise unreadable(view)
        if not view.ask.content.startswith("ME:"):
            return Message(view.seat, f"ANSWER: {table[slot]}")
        asked = {slot_of(message.content, table) for message in view[1:-1] if message.author == MODERATOR}
        return Message(view.seat, f"ASIDE: {'yes' if slot in asked else 'no'}")


def slot_of(text: str, table: dict[str, str]) -> str:
    """Return the slot that a request or a probe speaks of; empty where none of the table is known to."""
    return next((slot for slot in table for phrase in phrases().get(slot, ()) if phrase in text), "")


@cache
def phrases() -> dict[str, set[str]]:
    """Return for every slot of every domain the phrases that mean it."""
    by_slot: dict[str, set[str]] = {}
    for domain in domains().values():
        names = domain.get("slots") or dict.fromkeys(domain.get("places", domain.get("letters", ())), domain)
        for slot, about in names.items():
            texts = [about["known"], *about["requests"]]
            by_slot.setdefault(slot, set()).update(text.format(slot=slot) for text in texts)
    return by_slot


def _table(prompt: str) -> str:
    """Return the first block of rows; what follows holds an example of one."""
    return next((block for block in prompt.split("\n\n") if _ROW.match(block)), "")
