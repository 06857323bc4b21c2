"""Clean up: the boards of both seats after each move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import Grid, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.clean_up.room import FREE, Cell, Room, RoomBoard
from clemsim_arenas.negotiations.seats import SEATS

Move = tuple[int, str, str, Cell]  # the turn, the seat, the object, and where it went
LEGEND: Mapping[Tone, str] = {"good": "lies where the other's does", "near": "lies elsewhere"}


def boards(room: Room, moves: Sequence[Move]) -> Iterator[Piece]:
    """Yield the boards at the start, and after each move."""
    objects = {seat: dict(own) for seat, own in zip(SEATS, room.objects, strict=True)}
    yield from _both(room, objects, 0)
    for turn, seat, letter, cell in moves:
        objects[seat][letter] = cell
        yield from _both(room, objects, turn)


def _both(room: Room, objects: Mapping[str, Mapping[str, Cell]], turn: int) -> Iterator[Piece]:
    height, width = len(room.background), len(room.background[0])
    for seat, other in (SEATS, reversed(SEATS)):
        board = RoomBoard(room, dict(objects[seat]))
        rows = [[_cell(board, objects[other], (column, row)) for column in range(width)] for row in range(height)]
        numbers = [str(row) if 0 < row < height - 1 else "" for row in range(height)]
        columns = [str(column) if 0 < column < width - 1 else "" for column in range(width)]
        title = f"The board of the {seat} seat"
        yield Grid.of(rows, row_labels=numbers, column_labels=columns, legend=LEGEND, title=title, after=turn)


def _cell(board: RoomBoard, others: Mapping[str, Cell], cell: Cell) -> Toned:
    there = board.at(cell)
    if board.objects.get(there) != cell:
        return Toned(there, "faint" if there == FREE else "neutral")
    return Toned(there, "good" if others.get(there) == cell else "near")
