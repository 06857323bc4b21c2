"""The baseline of matchit_ascii: each player names every filled cell, and compares what the other says with its own grid."""

from __future__ import annotations

import re

from clemsim_arenas.grids.grids import SIZE, Grid, parse
from clemsim_arenas.matchit_ascii.game import ANSWER, DECISION, DESCRIPTION, DIFFERENT, QUESTION, SAME

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable
from clemsim_agents.referencegame.player import describe, understand

_GRID = re.compile(rf"(?:[X▢](?: [X▢]){{{SIZE - 1}}}\n?){{{SIZE}}}")
_ROW = re.compile(r"Which cells of row (\d) are filled\?")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return what the last line of the ask wants."""
        grid, tag = _GRID.search(view[0].content), view.ask.content.splitlines()[-1].partition(" ")[0]
        if not grid or tag not in (DESCRIPTION, QUESTION, ANSWER, DECISION):
            raise unreadable(view)
        return Message(view.seat, f"{tag} {_said(view, parse(grid[0]), tag)}")


def _said(view: View, own: Grid, tag: str) -> str:
    if tag == DESCRIPTION:
        return describe(own)
    if tag == QUESTION:
        asked = sum(1 for message in view if message.author == view.seat and message.content.startswith(QUESTION))
        return f"Which cells of row {asked % SIZE + 1} are filled?"
    if tag == DECISION:
        return SAME if _heard(view) == own else DIFFERENT
    row = _ROW.search(view.ask.content)
    return describe(frozenset(cell for cell in own if cell[0] == int(row[1]) - 1)) if row else describe(own)


def _heard(view: View) -> Grid:
    """Return the grid that the partner has described."""
    asks = "\n".join(message.content for message in view[1:] if message.author == MODERATOR)
    described = next((line for line in asks.splitlines() if line.startswith(DESCRIPTION)), "")
    return understand(described)
