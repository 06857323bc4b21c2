"""The baseline of imagegame: the giver tells row after row, the follower draws what it is told.

An instruction such as "Command: Put an X in row 2, columns 1 and 4" is read word by word, so that the pair needs no
agreement beyond plain English; a row of one letter is filled at once.
"""

from __future__ import annotations

import re

from clemsim_arenas.grids.grids import EMPTY, SIZE
from clemsim_arenas.imagegame.drawing import BLANK
from clemsim_arenas.imagegame.game import GIVER

from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

_LINE = rf"[A-Z{EMPTY}](?: [A-Z{EMPTY}]){{{SIZE - 1}}}"
_GRID = re.compile(rf"^{_LINE}(?:\n{_LINE}){{{SIZE - 1}}}$", re.MULTILINE)
_FILL = re.compile(r"^Command: Fill row (\d) with ([A-Z])$")
_PUT = re.compile(r"^Command: Put an? ([A-Z]) in row (\d), columns? ([\d and,]+)$")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return the next instruction, or the grid after it."""
        return Message(view.seat, tell(view) if view.seat == GIVER else draw(view))


def tell(view: View) -> str:
    """Return the first instruction that was not given yet; done after the last."""
    grids = _GRID.findall(view[0].content)
    if not grids:
        raise unreadable(view)
    given = sum(1 for message in view if message.author == view.seat)
    todo = [text for row, line in enumerate(grids[-1].splitlines(), 1) for text in _instructions(row, line.split())]
    return todo[given] if given < len(todo) else "Command: DONE"


def draw(view: View) -> str:
    """Return the grid that was drawn last with the instruction carried out; unchanged where that cannot be read."""
    own = [message.content for message in view if message.author == view.seat]
    rows = [line.split() for line in (own[-1] if own else BLANK).splitlines()]
    command = view.ask.content.splitlines()[-1]
    if fill := _FILL.match(command):
        rows[int(fill[1]) - 1] = [fill[2]] * SIZE
    elif put := _PUT.match(command):
        for column in re.findall(r"\d", put[3]):
            rows[int(put[2]) - 1][int(column) - 1] = put[1]
    return "\n".join(" ".join(row) for row in rows)


def _instructions(row: int, cells: list[str]) -> list[str]:
    """Return the instructions that draw one row: one for each letter in it."""
    letters = sorted(set(cells) - {EMPTY})
    return [_instruction(row, letter, [n for n, cell in enumerate(cells, 1) if cell == letter]) for letter in letters]


def _instruction(row: int, letter: str, columns: list[int]) -> str:
    if len(columns) == SIZE:
        return f"Command: Fill row {row} with {letter}"
    many = "s" if len(columns) > 1 else ""
    return f"Command: Put an {letter} in row {row}, column{many} {' and '.join(map(str, columns))}"
