"""The coloured board of the wordle games."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, FactList, Grid, Piece, Toned
from clemsim.game.pieces import Tone
from clemsim_arenas.fiveletters.board import Mark, marks

TONES: Mapping[Mark, Tone] = {"green": "good", "yellow": "near", "red": "bad"}
LEGEND: Mapping[Tone, str] = {
    "good": "right letter, right place",
    "near": "elsewhere in the word",
    "bad": "not in the word",
}


def boards(target: str, guesses: Sequence[tuple[int, str]]) -> Iterator[Piece]:
    """Yield the board after each guess that counted; `guesses`: the turn and the word of each."""
    rows = [
        tuple(Toned(letter, TONES[mark]) for letter, mark in zip(word, marks(word, target), strict=True))
        for _, word in guesses
    ]
    for count, (turn, _) in enumerate(guesses, 1):
        numbers = [str(number + 1) for number in range(count)]
        yield Grid.of(rows[:count], row_labels=numbers, legend=LEGEND, title="Guesses", after=turn)


def about(target: str, clue: str = "") -> Piece:
    """Return what is to be found."""
    clues = {"clue": clue} if clue else {}
    return FactList.of({"target": Toned(target, "highlight"), **clues})


def opinions(rounds: Sequence[tuple[str, str, str]]) -> Piece:
    """Return a table of proposals, the critic's opinions, and the guesses that followed."""
    rows = [
        (
            str(number),
            proposal,
            Toned(agreement, "good" if agreement == "yes" else "bad"),
            Toned(guess, "neutral" if guess == proposal else "highlight"),
        )
        for number, (proposal, agreement, guess) in enumerate(rounds, 1)
    ]
    columns = ("round", "proposed", "critic agrees", "guessed")
    legend: Mapping[Tone, str] = {
        "good": "the critic agrees",
        "bad": "it does not",
        "highlight": "another word than proposed",
    }
    return CellTable.of(columns, rows, legend=legend, title="Opinions")
