"""Wordle: find a five-letter word in six guesses.

Each letter of a guess is marked green, yellow or red. Main score: 100 for winning within three guesses, 50 with the fourth,
30 with the fifth, 20 with the sixth, 0 for a loss. The form of a guess is that of `clemsim_arenas.fiveletters`.
"""

from __future__ import annotations

from clemsim import Outcome, Table
from clemsim_arenas.fiveletters.game import GUESSER, REASKS, ROUNDS, FiveLetters, Target

# Main score by the number of guesses.
QUALITY = {1: 100.0, 2: 100.0, 3: 100.0, 4: 50.0, 5: 30.0, 6: 20.0}


class Wordle(FiveLetters[Target]):
    """Find a five-letter word in six guesses, each answered with coloured letters."""

    name, version = "wordle", 2
    seats = (GUESSER,)
    max_turns = ROUNDS * (1 + REASKS)

    async def play(self, table: Table, word: Target, /) -> Outcome:
        """Ask for up to six guesses, each answered with its marks."""
        ask = self.prompt("guesser")
        for round_ in range(1, ROUNDS + 1):
            guess = await self.guess(table, ask)
            if guess.word == word.target:
                return Outcome.success(QUALITY[round_])
            ask = self.feedback(guess.word, word.target)
        return Outcome.failure(f"the word was {word.target!r}", blame=GUESSER)
