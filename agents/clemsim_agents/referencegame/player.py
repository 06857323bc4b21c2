"""The baseline of the reference game: the giver names every filled cell, row by row; the follower looks for the grid.

A description such as "row 1 all, row 2 columns 1 and 5, nothing else" is complete, so that neither player needs to know the other's
order of the grids.
"""

from __future__ import annotations

import re

from clemsim_arenas.grids.grids import SIZE, Cell, Grid, parse
from clemsim_arenas.referencegame.game import GIVER

from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

_GRID = re.compile(r"(?:[X▢](?: [X▢]){4}\n?){5}")
_ROW = re.compile(r"row (\d) (all|columns? [\d ]+)")
ANSWERS = ("first", "second", "third")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Describe or choose."""
        prompt = view.ask.content
        grids = [parse(text) for text in _GRID.findall(prompt)]
        if len(grids) < len(ANSWERS):
            raise unreadable(view)
        if view.seat == GIVER:
            return Message(view.seat, f"Expression: {describe(grids[0])}")
        cells = understand(prompt)
        best = max(range(len(grids)), key=lambda index: -len(grids[index] ^ cells))
        return Message(view.seat, f"Answer: {ANSWERS[best]}")


def describe(grid: Grid) -> str:
    """Return every filled cell in words, row by row, counted from 1."""
    rows = [text for row in range(SIZE) if (text := _row(grid, row))]
    return ", ".join([*rows, "nothing else is filled"])


def understand(text: str) -> Grid:
    """Return the cells that such a description names."""
    return frozenset(cell for row, columns in _ROW.findall(text) for cell in _cells(int(row) - 1, columns))


def _row(grid: Grid, row: int) -> str:
    columns = [column + 1 for column in range(SIZE) if (row, column) in grid]
    if not columns:
        return ""
    return f"row {row + 1} " + ("all" if len(columns) == SIZE else f"columns {' '.join(map(str, columns))}")


def _cells(row: int, columns: str) -> list[Cell]:
    wanted = range(1, SIZE + 1) if columns == "all" else map(int, re.findall(r"\d", columns))
    return [(row, column - 1) for column in wanted]
