"""What the wordle games share: the guesser's reply, the re-ask for words that no dictionary has, the feedback, the metrics.

The guesser replies in two lines, `explanation: ...` and `guess: ...`: the first line starts with `explanation:`
(case-sensitive), there are two lines at most, and `guess:` (any case) stands exactly once; the guess is what follows it on
its line. A broken format, a guess with anything but letters or of another length aborts. A five-letter guess that is no
valid word is asked again, up to five times in a row.
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
    """A guess of five letters that is in no dictionary of the game: well-formed, but of no use."""

    def __init__(self, word: str) -> None:
        super().__init__(f"{word!r} is not a valid word", violation=False)


@dataclass(frozen=True, slots=True)
class Said:
    """A guess with the reason that was given for it."""

    word: str
    explanation: str


class Target(Instance):
    """The word to be found."""

    target: str


class Clued(Target):
    """The word to be found and a clue to it."""

    clue: str


T = TypeVar("T", bound=Target)


class FiveLetters(Arena[T]):
    """A game of the wordle family."""

    async def guess(self, table: Table, ask: str) -> Said:
        """A valid word of the guesser."""
        parse = Parser(read_guess, FORMAT).then(self._valid)
        return await table.ask(GUESSER, ask, parse=parse, reask=self._again)

    def feedback(self, guess: str, target: str) -> str:
        """The next ask after a wrong guess."""
        return self.prompt("feedback", feedback=feedback(guess, marks(guess, target)))

    def committed(self, transcript: Transcript[T]) -> list[str]:
        """The guesses that counted, in order."""
        return [move["word"] for move in transcript.moves(GUESSER)]

    def metrics(self, transcript: Transcript[T], /) -> Mapping[str, float | None]:
        """How often a guess had been made before; undefined when aborted."""
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        return {"Guess Repetitions": None if aborted else float(repetitions(self.committed(transcript)))}

    def rounds(self, transcript: Transcript[T], /) -> Sequence[Mapping[str, float | None]]:
        """Closeness and strategy of each guess that counted."""
        target = transcript.instance.target
        guesses = self.committed(transcript)
        marked: list[Guess] = [(said, marks(said, target)) for said in guesses]
        before: list[Guess | None] = [None, *marked]
        return [
            {
                "Closeness Score": float(closeness(found)),
                "Strategy Score": float(strategy(last, said, won=said == target)),
            }
            for last, (said, found) in zip(before, marked, strict=False)
        ]

    def _valid(self, said: Said) -> Said:
        if said.word not in self.resources.words:
            raise UnknownWord(said.word)
        return said

    def _again(self, problem: Invalid, tries: int) -> str | None:
        if isinstance(problem, UnknownWord) and tries <= REASKS:
            return self.prompt("unknown")
        return None


def read_guess(reply: str) -> Said:
    """The guessed word, in lower case, and the explanation. Raises Invalid."""
    word, explanation = two_lines(reply, "guess")
    if not word.isalpha():
        raise Invalid(f"the guess {word!r} has more than letters in it")
    if len(word) != LENGTH:
        raise Invalid(f"the guess {word!r} does not have {LENGTH} letters")
    return Said(word, explanation)


def two_lines(reply: str, key: str) -> tuple[str, str]:
    """What `KEY:` says, in lower case, and the explanation, out of a reply of the two. Raises Invalid."""
    if not reply.startswith(TAG):
        raise Invalid(f"the reply does not start with {TAG!r}")
    if reply.count("\n") > 1:
        raise Invalid("the reply has more than two lines")
    found = re.findall(rf"{key}:([^\n]*)", reply, re.IGNORECASE)
    if len(found) != 1:
        raise Invalid(f"'{key}:' stands {len(found)} times in the reply, not once")
    return found[0].strip().lower(), reply.split("\n")[0].removeprefix(TAG).strip()
