"""Wordle with a clue: the guesser is given a clue to the word at the start.

Main score: 100 / guesses, rounded to two decimals; 0 for a loss. Everything else is as in wordle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from clemsim import Outcome, Table
from clemsim_arenas.fiveletters.game import (
    AS_TAUGHT,
    GUESSER,
    REASKS,
    ROUNDS,
    Clued,
    FiveLetters,
    FiveLettersRules,
)


class WordleWithClue(FiveLetters[Clued]):
    """Find a five-letter word in six guesses, with a clue to begin with."""

    name, version = "wordle_withclue", 2
    RULES: ClassVar[Mapping[str, FiveLettersRules]] = {**FiveLetters.RULES, "v1.6-as-taught": AS_TAUGHT}
    seats = (GUESSER,)
    max_turns = ROUNDS * (1 + REASKS)

    async def play(self, table: Table, word: Clued, /) -> Outcome:
        """Ask for up to six guesses, each answered with its marks."""
        ask = self.prompt("guesser", clue=word.clue)
        for round_ in range(1, ROUNDS + 1):
            guess = await self.guess(table, ask)
            if guess.word == word.target:
                return Outcome.success(round(100 / round_, 2))
            ask = self.feedback(guess.word, word.target)
        return Outcome.failure(f"the word was {word.target!r}", blame=GUESSER)
