"""Wordle: find a five-letter word in six guesses.

The guesser replies in two lines, `explanation: ...` and `guess: ...`: the first line starts with `explanation:`
(case-sensitive), there are two lines at most, and `guess:` (any case) stands exactly once; the guess is what follows it on
its line. A broken format, a guess with anything but letters or of another length aborts. A five-letter guess that is no
valid word is asked again, up to five times in a row. Each letter of a guess is marked green, yellow or red. Main score: 100
for winning within three guesses, 50 with the fourth, 30 with the fifth, 20 with the sixth, 0 for not winning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Table, Transcript
from clemsim.formats import letters, line, literal
from clemsim_arenas.wordle.board import Guess, closeness, feedback, marks, repetitions, strategy

GUESSER = "guesser"
LENGTH, ROUNDS, REASKS = 5, 6, 5
QUALITY = {1: 100.0, 2: 100.0, 3: 100.0, 4: 50.0, 5: 30.0, 6: 20.0}

_GUESS = re.compile(r"guess:([^\n]*)", re.IGNORECASE)
FORMAT = literal("explanation: ") + line(200) + literal("\nguess: ") + letters(LENGTH)


class UnknownWord(Invalid):
    """A guess of five letters that is in no dictionary of the game: well-formed, but of no use."""

    def __init__(self, word: str) -> None:
        super().__init__(f"{word!r} is not a valid word", violation=False)


class Target(Instance):
    """The word to be found."""

    target: str


class Wordle(Arena[Target]):
    """Find a five-letter word in six guesses, each answered with coloured letters."""

    name, version = "wordle", 1
    seats = (GUESSER,)
    max_turns = ROUNDS * (1 + REASKS)

    async def play(self, table: Table, word: Target, /) -> Outcome:
        """Six guesses, each answered with its marks."""
        parse = Parser(guess, FORMAT).then(self._valid)
        ask = self.prompt("guesser")
        for round_ in range(1, ROUNDS + 1):
            said = await table.ask(GUESSER, ask, parse=parse, reask=self._again)
            if said == word.target:
                return Outcome.success(QUALITY[round_])
            ask = self.prompt("feedback", feedback=feedback(said, marks(said, word.target)))
        return Outcome.failure(f"the word was {word.target!r}", blame=GUESSER)

    def metrics(self, transcript: Transcript[Target], /) -> Mapping[str, float | None]:
        """How often a guess had been made before; undefined when aborted."""
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        return {"Guess Repetitions": None if aborted else float(repetitions(transcript.moves(GUESSER)))}

    def rounds(self, transcript: Transcript[Target], /) -> Sequence[Mapping[str, float | None]]:
        """Closeness and strategy of each valid guess."""
        target = transcript.instance.target
        guesses = transcript.moves(GUESSER)
        marked: list[Guess] = [(said, marks(said, target)) for said in guesses]
        before: list[Guess | None] = [None, *marked]
        return [
            {
                "Closeness Score": float(closeness(found)),
                "Strategy Score": float(strategy(last, said, won=said == target)),
            }
            for last, (said, found) in zip(before, marked, strict=False)
        ]

    def _valid(self, word: str) -> str:
        if word not in self.resources.words:
            raise UnknownWord(word)
        return word

    def _again(self, problem: Invalid, tries: int) -> str | None:
        if isinstance(problem, UnknownWord) and tries <= REASKS:
            return self.prompt("unknown")
        return None


def guess(reply: str) -> str:
    """The guessed word, in lower case. Raises Invalid."""
    if not reply.startswith("explanation:"):
        raise Invalid("the reply does not start with 'explanation:'")
    if reply.count("\n") > 1:
        raise Invalid("the reply has more than two lines")
    found = _GUESS.findall(reply)
    if len(found) != 1:
        raise Invalid(f"'guess:' stands {len(found)} times in the reply, not once")
    word: str = found[0].strip().lower()
    if not word.isalpha():
        raise Invalid(f"the guess {word!r} has more than letters in it")
    if len(word) != LENGTH:
        raise Invalid(f"the guess {word!r} does not have {LENGTH} letters")
    return word
