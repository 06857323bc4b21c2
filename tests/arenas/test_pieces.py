"""Every game draws itself, wherever its transcript is cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clemsim.arena import find_arena
from clemsim.cli.view.pieces import drawing
from clemsim.game.pieces import Grid, Paragraph, Piece, pieces_of
from clemsim.testing import drive
from tests.golden.cases import CASES
from tests.terminal import shown

ALL = [(arena, outcome) for arena, outcomes in CASES.items() for outcome in outcomes]


def pieces(arena: str, outcome: str) -> list[Piece]:
    """Return how the golden episode is drawn, after it was drawn at every cut."""
    instance, replies = CASES[arena][outcome]
    game = find_arena(arena)()
    transcript = drive(game, game.load(instance), replies)
    for size in range(len(transcript.events)):
        pieces_of(game, replace(transcript, events=transcript.events[:size]))
    return list(pieces_of(game, transcript))


@pytest.mark.parametrize(("arena", "outcome"), ALL)
def test_every_game_is_drawn_wherever_it_is_cut(arena: str, outcome: str) -> None:
    found = pieces(arena, outcome)
    assert found and all(piece.after is None or piece.after >= 0 for piece in found)
    assert shown(drawing(found)).strip()


def test_a_wordle_board_has_the_marks_of_each_guess() -> None:
    boards = [piece for piece in pieces("wordle", "success") if isinstance(piece, Grid)]
    assert [len(board.rows) for board in boards] == [*range(1, len(boards) + 1)]
    assert {cell.tone for cell in boards[-1].rows[-1]} == {"good"} and boards[-1].legend["near"]
    text = shown(drawing(pieces("wordle", "success")))
    assert "p✓ l✓ a✓ n✓ t✓" in text and "right letter, right place" in text


def test_a_drawn_grid_is_compared_with_the_target() -> None:
    grids = [piece for piece in pieces("imagegame", "failure") if isinstance(piece, Grid) and piece.title == "Drawn"]
    assert {cell.tone for row in grids[-1].rows for cell in row} == {"good", "near", "faint"}


def test_the_chosen_grid_is_told() -> None:
    (right,) = [piece for piece in pieces("referencegame", "success") if isinstance(piece, Paragraph)]
    (wrong,) = [piece for piece in pieces("referencegame", "failure") if isinstance(piece, Paragraph)]
    assert (right.tone, wrong.tone) == ("good", "bad") and right.after == 2
