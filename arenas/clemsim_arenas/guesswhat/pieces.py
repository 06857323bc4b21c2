"""Guess what: the candidates, and the questions with their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, Grid, Piece, Toned
from clemsim.game.pieces import Tone

COLUMNS = 4
LEGEND: Mapping[Tone, str] = {"good": "a yes, or the right guess", "bad": "a no, or a wrong guess"}


def candidates(words: Sequence[str], target: str) -> Piece:
    """Return the candidates, of which the target stands out."""
    rows = [words[place : place + COLUMNS] for place in range(0, len(words), COLUMNS)]
    legend: Mapping[Tone, str] = {"highlight": "the target"}
    return Grid.of(rows, lambda word: "highlight" if word == target else "neutral", legend=legend, title="Candidates")


def talk(rounds: Sequence[tuple[int, str, str, Tone]]) -> Iterator[Piece]:
    """Yield the questions with their answers after each round.

    `rounds`: of each the turn, what was said, the answer, and its tone.
    """
    for count, (turn, *_) in enumerate(rounds, 1):
        rows = [(str(number), said, Toned(answer, tone)) for number, (_, said, answer, tone) in enumerate(rounds[:count], 1)]
        yield CellTable.of(("round", "said", "answer"), rows, legend=LEGEND, title="Questions", after=turn)
