"""Pieces: what a game may draw itself with, and what is told of its author's mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from clemsim import Arena, ArenaError, CellTable, FactList, Grid, Instance, MapDrawing, MapEdge, MapNode, Outcome, Paragraph
from clemsim.game.pieces import MOST_TEXT, Piece, Toned, latest_of_each, pieces_of
from clemsim.game.table import Table
from clemsim.game.transcript import Transcript
from clemsim.testing import check_arena, drive


class Drawn(Arena[Instance]):
    """Draws what the test says."""

    name, seats = "drawn", ("a",)
    drawing: object = ()

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """One ask."""
        await table.ask("a", "?")
        return Outcome.success()

    def render(self, transcript: Transcript[Instance], /) -> Sequence[Piece]:
        """What the test says; raises it where it is an error."""
        if isinstance(self.drawing, Exception):
            raise self.drawing
        return self.drawing  # type: ignore[return-value]


def drawn(drawing: object) -> Sequence[Piece]:
    kind: type[Drawn] = type("Drawn", (Drawn,), {"drawing": drawing, "__module__": __name__})
    return pieces_of(kind(), drive(kind(), Instance(), ["x"]))


def test_all_kinds_of_pieces_are_drawn() -> None:
    pieces = [
        Paragraph("Red to move", "good", title="Now", after=3),
        FactList.of({"target": Toned("dog", "highlight"), "clue": "it barks"}),
        Grid.of(["ab", "c"], lambda cell: "good" if cell == "a" else "neutral", row_labels="12", legend={"good": "right"}),
        CellTable.of(["x", "y"], [["1", Toned("2", "bad")]]),
        MapDrawing((MapNode("a", 0, 0), MapNode("b", 1, 0.5)), (MapEdge("a", "b"),), ("a", "b", "a")),
    ]
    assert drawn(pieces) == tuple(pieces) and drawn(iter(pieces)) == tuple(pieces)
    grid = pieces[2]
    assert isinstance(grid, Grid) and grid.rows == ((Toned("a", "good"), Toned("b")), (Toned("c"),))


@pytest.mark.parametrize(
    ("drawing", "text"),
    [
        (None, "returns a list of pieces, not NoneType"),
        ("abc", "returns str, which is no piece: choose one of Paragraph,"),
        ([Piece()], "returns Piece, which is no piece"),
        ([Paragraph(3)], "makes a Paragraph of texts (str) and Toned texts, not Toned(text=3"),  # type: ignore[arg-type]
        ([Paragraph("x", "blue")], "with the tone 'blue': choose one of neutral, good,"),  # type: ignore[arg-type]
        ([Paragraph("x", title=1)], "whose title is no text"),  # type: ignore[arg-type]
        ([Grid.of([[1]])], "makes a Grid of texts (str)"),  # type: ignore[list-item]
        ([Grid.of(["x"], legend={"blue": "x"})], "legend gives no text to each tone"),  # type: ignore[dict-item]
        ([Grid.of(["x" * 10_001])], "makes a Grid of 10001 texts: 10000 at most"),
        ([MapDrawing((MapNode("a", float("nan"), 0),))], "puts the place 'a' of a map at nan"),
        ([MapDrawing((MapNode("a", 0, 0),), (MapEdge("a", "b"),))], "draws a way to 'b', which is no place of its map"),
        ([Paragraph("x")] * 2001, "returns 2001 pieces: draw 2000 at most"),
        (KeyError("word"), "raised KeyError: 'word'"),
    ],
)
def test_what_is_no_drawing_is_told_with_the_line_of_its_author(drawing: object, text: str) -> None:
    with pytest.raises(ArenaError) as caught:
        drawn(drawing)
    assert (
        text in str(caught.value)
        and "render of drawn" in str(caught.value)
        and "test_pieces.py" in "".join(caught.value.frames)
    )


def test_a_long_reply_is_cut_in_a_cell() -> None:
    cell = Grid.of([["x" * 1_000_000]]).rows[0][0]
    assert len(cell.text) == MOST_TEXT and cell.text.endswith("x…") and Toned("x" * MOST_TEXT).text == "x" * MOST_TEXT


def test_of_states_of_one_thing_the_last_stays_where_the_first_was() -> None:
    board = [Grid.of(["a"], title="Board", after=turn) for turn in (1, 2)]
    other = Grid.of(["a"], title="Board")
    assert latest_of_each([board[0], Paragraph("x"), board[1], other]) == [board[1], Paragraph("x"), other]


def test_check_arena_draws_transcripts_that_are_cut() -> None:
    class Cut(Drawn):
        """Takes it for granted that the game has ended."""

        name = "cut"

        def render(self, transcript: Transcript[Instance], /) -> Sequence[Piece]:
            """Its last turn."""
            return [Paragraph(transcript.turns[-1].seat)]

    with pytest.raises(ArenaError, match="render of cut raised IndexError"):
        check_arena(Cut(), [Instance()], examples=40)
