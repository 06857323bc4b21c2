"""The instances of clean_up, and the board of a seat as the game goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import dist, sqrt

from pydantic import Field, model_validator

from clemsim_arenas.wordings.wordings import Worded

FREE = "◌"
Cell = tuple[int, int]  # column and row, counted with the frame as 0


class Room(Worded):
    """The board that both seats see, as lines, and where the objects of each lie, by letter. `penalties`: how many they may
    have together; `rounds`: how many there are at most.
    """

    background: tuple[str, ...]
    objects: tuple[dict[str, Cell], dict[str, Cell]]
    penalties: int = Field(ge=1)
    rounds: int = Field(ge=1, le=200)

    @model_validator(mode="after")
    def _consistent(self) -> Room:
        one, two = self.objects
        if len(set(map(len, self.background))) != 1:
            raise ValueError("the lines of the board are not of one length")
        if one.keys() != two.keys() or not one:
            raise ValueError("the two seats do not have the same objects")
        for own in self.objects:
            if len(set(own.values())) < len(own) or not all(self.is_floor(cell) for cell in own.values()):
                raise ValueError("an object does not lie on a free cell of its own")
        if one == two:
            raise ValueError("all objects lie together from the start")
        return self

    def is_floor(self, cell: Cell) -> bool:
        """Return whether an object may lie on a cell, if none does."""
        column, row = cell
        return self.is_inside(cell) and self.background[row][column] == FREE

    def is_inside(self, cell: Cell) -> bool:
        """Return whether a cell is on the board, its frame included."""
        column, row = cell
        return 0 <= row < len(self.background) and 0 <= column < len(self.background[0])

    @property
    def expected_distance(self) -> float:
        """The sum of the distances of objects that lie anywhere on the board, the frame included, as clembench estimates it:
        for each object the root of the summed squares of the mean distances of two columns and of two rows.
        """
        sides = (len(self.background[0]), len(self.background))
        across, down = ((side**2 - 1) / (3 * side) for side in sides)
        return sqrt(across**2 + down**2) * len(self.objects[0])


@dataclass(slots=True)
class RoomBoard:
    """The board of one seat: where its objects lie."""

    room: Room
    objects: dict[str, Cell]

    def at(self, cell: Cell) -> str:
        """Return what is on a cell."""
        there = next((letter for letter, own in self.objects.items() if own == cell), None)
        return there or self.room.background[cell[1]][cell[0]]

    def free_cells(self) -> list[Cell]:
        """Return the cells that an object can be moved to."""
        taken = set(self.objects.values())
        size = len(self.room.background[0]), len(self.room.background)
        cells = ((column, row) for row in range(size[1]) for column in range(size[0]))
        return [cell for cell in cells if self.room.is_floor(cell) and cell not in taken]

    def drawn(self) -> str:
        """Return the board as text, with the numbers of its columns and rows."""
        background = self.room.background
        width, height = len(background[0]), len(background)
        lines = [" " + "".join(map(str, range(1, width - 1)))]
        for row in range(height):
            number = f" {row}" if 0 < row < height - 1 else ""
            lines.append("".join(self.at((column, row)) for column in range(width)) + number)
        return "".join(f"{line}\n" for line in lines)


def distance(one: Mapping[str, Cell], two: Mapping[str, Cell]) -> float:
    """Return the sum of the Euclidean distances of the objects."""
    return sum(dist(cell, two[letter]) for letter, cell in one.items())
