"""The baseline of hot_air_balloon: it begins with its own best set and gives way, step by step, to the other.

It knows its own values alone. What the other has proposed so far tells what that one wants; with each message this counts
for more (a concession strategy; Faratin, Sierra and Jennings 1998). It agrees to an open proposal that is worth as much to
it as what it would propose itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from clemsim_arenas.hot_air_balloon.cargo import best_set
from clemsim_arenas.hot_air_balloon.message import TAGS, Tags, as_set

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

STEP = 0.15  # by which the other's wishes count more with each message
_ROW = re.compile(r"^- (\S+): (\d+)$")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return a proposal, or agree to one."""
        situation = read(view)
        own = sum(1 for message in view if message.author == view.seat)
        wanted = proposals(view, situation.tags)
        mine = situation.proposal(own, wanted)
        best = max(wanted, key=situation.worth, default=frozenset[str]())
        tags = situation.tags
        if wanted and situation.worth(best) >= situation.worth(mine):
            return Message(view.seat, situation.message(f"{tags.agree}: {as_set(sorted(best))}"))
        return Message(view.seat, situation.message(f"{tags.propose}: {as_set(sorted(mine))}"))


@dataclass(frozen=True, slots=True)
class CargoBriefing:
    """What a seat is told at first."""

    tags: Tags
    reasoning: bool
    limit: int
    weights: dict[str, int]
    values: dict[str, int]

    def worth(self, items: Collection[str]) -> float:
        """Return what a set is worth; nothing above the limit."""
        if sum(self.weights.get(item, self.limit + 1) for item in items) > self.limit:
            return 0
        return sum(self.values[item] for item in items)

    def proposal(self, step: int, wanted: Collection[Collection[str]]) -> frozenset[str]:
        """Return the set that is best for this seat and, the more so with each step, for the other."""
        counts = Counter(item for items in wanted for item in items)
        top, share = max(self.values.values()), min(step * STEP, 1) / max(len(wanted), 1)
        mixed = {item: value / top + share * counts[item] for item, value in self.values.items()}
        return best_set(mixed, self.weights, self.limit)

    def message(self, part: str) -> str:
        """Return a message with this part."""
        begun = f"{self.tags.reason}: {{...}}\n" if self.reasoning else ""
        return f"{begun}{self.tags.argue}: {{How about this?}}\n{part}"


def read(view: View) -> CargoBriefing:
    """Return what the seat is told at first. Raises UsageError for other prompts than the arena's own."""
    text = view[0].content
    rows = [(match[1], int(match[2])) for line in text.splitlines() if (match := _ROW.match(line))]
    tags = next((tags for tags in TAGS.values() if f"{tags.propose}: {{" in text and f"{tags.agree}: {{" in text), None)
    limits = re.findall(r"\d+", text.partition("\n- ")[0])
    if tags is None or not rows or len(rows) % 2 or not limits:
        raise unreadable(view)
    half = len(rows) // 2
    return CargoBriefing(tags, tags.reason in text, int(limits[-1]), dict(rows[:half]), dict(rows[half:]))


def proposals(view: View, tags: Tags) -> list[frozenset[str]]:
    """Return what the other has proposed so far."""
    return [frozenset(names) for message in view[1:] if message.author == MODERATOR for names in _sets(message, tags)]


def _sets(message: Message, tags: Tags) -> Iterator[list[str]]:
    for inside in re.findall(rf"{tags.propose}:\s*\{{([^}}\n]*)\}}", message.content):
        yield re.findall(r"""['"]([^'"]+)['"]""", inside)
