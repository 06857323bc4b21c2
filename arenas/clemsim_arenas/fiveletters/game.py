"""The shared part of the wordle games: the guesser's reply, the re-ask after an unknown word, the feedback, the metrics.

The guesser replies in two lines, `explanation: ...` and `guess: ...`: the first line starts with `explanation:`
(case-sensitive), there are at most two lines, and `guess:` (any case) occurs exactly once; the guess is the rest of its
line. Any other format aborts the game, and so does a guess that holds more than letters or does not have five. After a
five-letter guess that is no valid word the guesser is asked again, up to five times in a row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from clemsim import Arena, Instance, Invalid, Parser, Table, Transcript
from clemsim.formats import letters, line, literal
from clemsim_arenas.fiveletters.board import Guess, closeness, feedback, marks, repetitions, strategy

GUESSER = "guesser"
LENGTH, ROUNDS, REASKS = 5, 6, 5

TAG = "explanation:"
FORMAT = literal(f"{TAG} ") + line(200) + literal("\nguess: ") + letters(LENGTH)


class UnknownWord(Invalid):
    """A guess of five letters that is not in the game's word list: well-formed, but of no use."""

    def __init__(self, word: str) -> None:
        super().__init__(f"{word!r} is not a valid word", violation=False)


@dataclass(frozen=True, slots=True)
class ExplainedGuess:
    """A guess and the guesser's explanation of it."""

    word: str
    explanation: str


class Target(Instance):
    """The word that is to be found."""

    target: str


class Clued(Target):
    """The word that is to be found, and a clue to it."""

    clue: str


T = TypeVar("T", bound=Target)


class FiveLetters(Arena[T]):
    """A game of the wordle family."""

    async def guess(self, table: Table, ask: str) -> ExplainedGuess:
        """Ask the guesser until its guess is a valid word; return the guess."""
        parse = Parser(read_guess, FORMAT).then(self._valid)
        return await table.ask(GUESSER, ask, parse=parse, reask=self._reask)

    def feedback(self, guess: str, target: str) -> str:
        """Return the next ask after a wrong guess."""
        return self.prompt("feedback", feedback=feedback(guess, marks(guess, target)))

    def committed(self, transcript: Transcript[T]) -> list[str]:
        """Return the guesses that counted, in order."""
        return [move["word"] for move in transcript.moves(GUESSER)]

    def metrics(self, transcript: Transcript[T], /) -> Mapping[str, float | None]:
        """Return how many guesses had been made before; undefined for an aborted game."""
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        return {"Guess Repetitions": None if aborted else float(repetitions(self.committed(transcript)))}

    def rounds(self, transcript: Transcript[T], /) -> Sequence[Mapping[str, float | None]]:
        """Return closeness and strategy of each guess that counted."""
        target = transcript.instance.target
        guesses = self.committed(transcript)
        marked: list[Guess] = [(guess, marks(guess, target)) for guess in guesses]
        before: list[Guess | None] = [None, *marked]
        return [
            {
                "Closeness Score": float(closeness(given)),
                "Strategy Score": float(strategy(last, guess, won=guess == target)),
            }
            for last, (guess, given) in zip(before, marked, strict=False)
        ]

    def _valid(self, guess: ExplainedGuess) -> ExplainedGuess:
        if guess.word not in self.resources.words:
            raise UnknownWord(guess.word)
        return guess

    def _reask(self, problem: Invalid, tries: int) -> str | None:
        if isinstance(problem, UnknownWord) and tries <= REASKS:
            return self.prompt("unknown")
        return None


def read_guess(reply: str) -> ExplainedGuess:
    """Return the guessed word, in lower case, and the explanation. Raises Invalid."""
    word, explanation = two_lines(reply, "guess")
    if not word.isalpha():
        raise Invalid(f"the guess {word!r} has more than letters in it")
    if len(word) != LENGTH:
        raise Invalid(f"the guess {word!r} does not have {LENGTH} letters")
    return ExplainedGuess(word, explanation)


def two_lines(reply: str, key: str) -> tuple[str, str]:
    """Split a reply of two lines: return what follows `KEY:`, in lower case, and the explanation. Raises Invalid."""
    if not reply.startswith(TAG):
        raise Invalid(f"the reply does not start with {TAG!r}")
    if reply.count("\n") > 1:
        raise Invalid("the reply has more than two lines")
    values = re.findall(rf"{key}:([^\n]*)", reply, re.IGNORECASE)
    if len(values) != 1:
        raise Invalid(f"'{key}:' stands {len(values)} times in the reply, not once")
    return values[0].strip().lower(), reply.split("\n")[0].removeprefix(TAG).strip()
