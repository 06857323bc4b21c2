"""Draw rooms for clean_up: a frame, and walls that run from a line to a line, some of them round a corner.

A wall keeps one cell away from every line that it does not join. How hard a room is to speak of is told by how many cells
are left free and by how many pieces are branches, where lines meet.
"""

from __future__ import annotations

from clemsim.game.seeds import Dice
from clemsim_arenas.clean_up.room import FREE, Cell

SIZE = 9  # of a room, with its frame
PATIENCE = 20  # walls in a row that cannot be, after which another room is begun
TURN = 0.12  # the chance that a wall turns at a cell
NORTH, EAST, SOUTH, WEST = DIRECTIONS = ((0, -1), (1, 0), (0, 1), (-1, 0))
PIECES = {
    (NORTH, SOUTH): "│",
    (EAST, WEST): "─",
    (EAST, SOUTH): "┌",
    (SOUTH, WEST): "┐",
    (NORTH, EAST): "└",
    (NORTH, WEST): "┘",
    (NORTH, EAST, SOUTH): "├",
    (NORTH, SOUTH, WEST): "┤",
    (EAST, SOUTH, WEST): "┬",
    (NORTH, EAST, WEST): "┴",
    (NORTH, EAST, SOUTH, WEST): "┼",
}
FRAME = {SOUTH: ("═", "╤"), NORTH: ("═", "╧"), EAST: ("║", "╟"), WEST: ("║", "╢")}  # by the side that the room is on
CORNERS = {(0, 0): "╔", (SIZE - 1, 0): "╗", (0, SIZE - 1): "╚", (SIZE - 1, SIZE - 1): "╝"}
Direction = tuple[int, int]


class RoomPlan:
    """A room as it is drawn: the ends of each piece of a wall, and those of the frame where a wall begins."""

    def __init__(self) -> None:
        self.links: dict[Cell, set[Direction]] = {}

    def is_line(self, cell: Cell) -> bool:
        """Return whether a cell belongs to the frame or to a wall."""
        return not (0 < cell[0] < SIZE - 1 and 0 < cell[1] < SIZE - 1) or cell in self.links

    @property
    def free(self) -> int:
        """The number of cells without a wall."""
        return (SIZE - 2) ** 2 - sum(not _on_frame(cell) for cell in self.links)

    @property
    def branches(self) -> int:
        """The number of pieces where lines meet."""
        return sum(len(ends) > 2 or _on_frame(cell) for cell, ends in self.links.items())

    def add_wall(self, dice: Dice) -> bool:
        """Draw a wall from some line to another; False where the way that was drawn cannot be one."""
        start, heading = self._start(dice)
        path, turns = [(start, heading)], list[Cell]()
        while True:
            cell = _next(*path[-1])
            if self.is_line(cell):
                break
            if not turns and len(path) > 1 and dice.random() < TURN:
                turns.append(cell)
                ahead, heading = heading, dice.choice(_sides(heading))
                if any(self.is_line(_next(cell, way)) for way in (ahead, *_sides(ahead))):
                    return False
            elif any(self.is_line(_next(cell, side)) for side in _sides(heading)):
                return False
            path.append((cell, heading))
        if len(path) < 3 or cell in [passed for passed, _ in path]:
            return False
        for (one, way), (two, _) in zip(path, [*path[1:], (cell, heading)], strict=True):
            self.links.setdefault(one, set()).add(way)
            self.links.setdefault(two, set()).add((-way[0], -way[1]))
        return True

    def _start(self, dice: Dice) -> tuple[Cell, Direction]:
        """Return a piece of a line and a direction in which there is a free cell beside it."""
        while True:
            cell, heading = (int(SIZE * dice.random()), int(SIZE * dice.random())), DIRECTIONS[int(4 * dice.random())]
            if self.is_line(cell) and not self.is_line(_next(cell, heading)):
                return cell, heading

    def drawn(self) -> tuple[str, ...]:
        """Return the room as lines."""
        return tuple("".join(self._piece((column, row)) for column in range(SIZE)) for row in range(SIZE))

    def _piece(self, cell: Cell) -> str:
        ends = self.links.get(cell, set())
        if cell in CORNERS:
            return CORNERS[cell]
        if _on_frame(cell):
            return FRAME[_inwards(cell)][bool(ends)]
        return PIECES[tuple(way for way in DIRECTIONS if way in ends)] if ends else FREE


def draw_room(dice: Dice, free: int, branches: int) -> tuple[str, ...]:
    """Return a room with so many free cells and branches."""
    while True:
        plan = RoomPlan()
        misses = 0
        while plan.free > free and misses < PATIENCE:
            misses = 0 if plan.add_wall(dice) else misses + 1
        if (plan.free, plan.branches) == (free, branches):
            return plan.drawn()


def _next(cell: Cell, heading: Direction) -> Cell:
    return cell[0] + heading[0], cell[1] + heading[1]


def _sides(heading: Direction) -> tuple[Direction, Direction]:
    return (heading[1], heading[0]), (-heading[1], -heading[0])


def _on_frame(cell: Cell) -> bool:
    return 0 in cell or SIZE - 1 in cell


def _inwards(cell: Cell) -> Direction:
    """Return the direction from a cell of the frame, which is no corner, to the room."""
    return next(way for way in DIRECTIONS if all(0 < place < SIZE - 1 for place in _next(cell, way)))
