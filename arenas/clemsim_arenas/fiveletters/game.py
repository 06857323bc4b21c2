"""The shared part of the wordle games: the guesser's reply, the re-ask after an unknown word, the feedback, the metrics.

The guesser replies in two lines, `explanation: ...` and `guess: ...`. Every other form aborts the game, and so does a guess
that holds more than letters (of any script) or does not have five. After a guess of five letters that is no valid word the
guesser is asked again, up to five times in a row.

By the rules v1.6 the reply starts with `explanation:` (case-sensitive) and has two lines at most, and `guess:` (any case)
stands in it exactly once, on whichever line. By v3.0 it starts with `explanation:` in any case, has any number of lines, and
`guess:` stands exactly once below the first line; what the first line holds is of no account. The guess is the rest of the
line of its tag. Both tags may be part of a longer word, and lines end in a line feed only. `gueſs:` is `guess:` in any case.

Ruling (C1): clembench's instance files v1.6 of wordle_withclue and wordle_withcritic teach `guess:` first, and clembench
aborts on that since December 2024. A suite imported from these files is played by the rules `v1.6-as-taught`, which take
both orders; recorded episodes of clembench are judged by v1.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from clemsim import Arena, Instance, Invalid, Parser, Piece, Table, Transcript
from clemsim.formats import letters, line, literal
from clemsim_arenas.fiveletters.board import Guess, closeness, feedback, marks, repetitions, strategy
from clemsim_arenas.fiveletters.pieces import about, boards

GUESSER = "guesser"
LENGTH, ROUNDS, REASKS = 5, 6, 5

TAG = "explanation:"
FORMAT = literal(f"{TAG} ") + line(200) + literal("\nguess: ") + letters(LENGTH)


@dataclass(frozen=True, slots=True)
class FiveLettersRules:
    """The form of a reply: whether its first tag may be in any case, the most lines (None: any number), where the guess is
    looked for, and whether the guess may come first.
    """

    any_case: bool
    lines: int | None
    searched: Literal["whole reply", "below the first line"]
    guess_first: bool = False


V1_6 = FiveLettersRules(any_case=False, lines=2, searched="whole reply")
AS_TAUGHT = FiveLettersRules(any_case=False, lines=2, searched="whole reply", guess_first=True)
V3_0 = FiveLettersRules(any_case=True, lines=None, searched="below the first line")


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

    RULES: ClassVar[Mapping[str, FiveLettersRules]] = {"v1.6": V1_6, "v3.0": V3_0}
    rules: FiveLettersRules

    async def guess(self, table: Table, ask: str) -> ExplainedGuess:
        """Ask the guesser until its guess is a valid word; return the guess."""
        return await table.ask(GUESSER, ask, parse=guess_of(self.rules).then(self._valid), reask=self._reask)

    def feedback(self, guess: str, target: str) -> str:
        """Return the next ask after a wrong guess."""
        return self.prompt("feedback", feedback=feedback(guess, marks(guess, target)))

    def counted(self, transcript: Transcript[T]) -> list[tuple[int, str]]:
        """Return the turn and the word of each guess that counted, in order."""
        moves = [turn for turn in transcript.turns if turn.seat == GUESSER and turn.parsed is not None]
        return [(turn.asked.turn, turn.move["word"]) for turn in moves]

    def committed(self, transcript: Transcript[T]) -> list[str]:
        """Return the guesses that counted, in order."""
        return [word for _, word in self.counted(transcript)]

    def render(self, transcript: Transcript[T], /) -> Sequence[Piece]:
        """Return the target, and the coloured board after each guess that counted."""
        word = transcript.instance
        clue = word.clue if isinstance(word, Clued) else ""
        return [about(word.target, clue), *boards(word.target, self.counted(transcript))]

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


def guess_of(rules: FiveLettersRules) -> Parser[ExplainedGuess]:
    """Return a parser of the guesser's replies: the guessed word, in lower case, and the explanation."""

    def read(reply: str) -> ExplainedGuess:
        word, explanation = tagged_lines(reply, "guess", rules)
        if not word.isalpha():
            raise Invalid(f"the guess {word!r} has more than letters in it")
        if len(word) != LENGTH:
            raise Invalid(f"the guess {word!r} does not have {LENGTH} letters")
        return ExplainedGuess(word, explanation)

    return Parser(read, FORMAT)


def tagged_lines(reply: str, key: str, rules: FiveLettersRules) -> tuple[str, str]:
    """Return what follows `KEY:` in a reply, in lower case, and the explanation. Raises Invalid."""
    _check_start(reply, key, rules)
    if rules.lines is not None and reply.count("\n") >= rules.lines:
        raise Invalid(f"the reply has more than {rules.lines} lines")
    text = reply.strip()
    searched = text if rules.searched == "whole reply" else text.partition("\n")[2]
    values = re.findall(rf"{key}:([^\n]*)", searched, re.IGNORECASE)
    if len(values) != 1:
        raise Invalid(f"'{key}:' stands {len(values)} times in the {rules.searched}, not once")
    explained = re.search(rf"{TAG}([^\n]*)", text, re.IGNORECASE)
    return values[0].strip().lower(), explained[1].strip() if explained else ""


def _check_start(reply: str, key: str, rules: FiveLettersRules) -> None:
    start = reply.lower() if rules.any_case else reply
    if not start.startswith(TAG) and not (rules.guess_first and reply.startswith(f"{key}:")):
        raise Invalid(f"the reply does not start with {TAG!r}")
