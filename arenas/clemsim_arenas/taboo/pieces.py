"""Taboo: the words that may not be said, and each clue with its guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, FactList, Piece, Toned
from clemsim.game.pieces import Tone

Clue = tuple[int, str, Tone]  # the turn, the text, and whether it broke the rules
LEGEND: Mapping[Tone, str] = {"good": "the target", "bad": "a taboo word, or a wrong guess"}


def words(target: str, related: Sequence[str]) -> Piece:
    """Return the target and the words that are taboo."""
    return FactList.of({"target": Toned(target, "highlight"), "taboo words": ", ".join(related)})


def clue_tables(clues: Sequence[Clue], guesses: Sequence[Clue]) -> Iterator[Piece]:
    """Yield the table of clues and guesses after each of them."""
    for turn, *_ in sorted([*clues, *guesses], key=lambda each: each[0]):
        said = [Toned(text.removeprefix("CLUE:").strip(), tone) for at, text, tone in clues if at <= turn]
        answered = [Toned(text.removeprefix("GUESS:").strip(), tone) for at, text, tone in guesses if at <= turn]
        answered += [Toned("")] * (len(said) - len(answered))
        rows = [(str(number), clue, guess) for number, (clue, guess) in enumerate(zip(said, answered, strict=False), 1)]
        yield CellTable.of(("round", "clue", "guess"), rows, legend=LEGEND, title="Clues", after=turn)
