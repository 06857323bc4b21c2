"""Taboo: describe a word without using it or the words that come to mind first.

The describer gets a target and related words. In each of three rounds the describer replies `CLUE: ...`, the guesser gets
the reply as it is and replies `GUESS: ...`, and a wrong guess goes back to the describer as it was said. A reply without its
tag (case-sensitive) aborts the game; nothing is asked again. A clue in which a word has the stem of the target or of a
related word loses at once. Guesses are compared in lower case, without tags and punctuation. Main score: 100 / rounds used
(100, 50, 33.33); 0 for a loss.

Stems are those of NLTK's English Snowball stemmer, which lower-cases words and takes curly apostrophes for straight ones.
The target is compared as the instance has it: one with a capital or punctuation cannot be guessed. Known holes, kept so that
results can be compared with clembench's: compounds ("wintertime") and words joined by a line break, a tab or a hyphen escape
the check. `Repetition-Guesser` and `Repetition-Describer` are 0 in every game by a mistake of clembench's,
which looks for events that are never logged.

The rule sets v1.6 and v3.0 are the same.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, ClassVar

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Piece, Table, Transcript
from clemsim.formats import Format, letters, line, literal
from clemsim.game.metrics import requests
from clemsim_arenas.taboo.pieces import Clue, clue_tables, words

DESCRIBER, GUESSER = "describer", "guesser"

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def said(tag: str, held_to: Format) -> Parser[str]:
    """Return a parser of replies that start with `tag`, case-sensitive; the move is the whole reply."""

    def read(reply: str) -> str:
        if not reply.startswith(tag):
            raise Invalid(f"the reply does not start with {tag!r}")
        return reply

    return Parser(read, held_to)


CLUE = said("CLUE:", literal("CLUE: ") + line(200))
GUESS = said("GUESS:", literal("GUESS: ") + letters(2, 20))


class Word(Instance):
    """The target, the related words, which the describer may not use either, and the number of rounds."""

    target: str
    related: tuple[str, ...]
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class TabooRules:
    """Both rule sets are one."""


class Taboo(Arena[Word]):
    """Describe a word without saying it or its closest relatives, so that another player guesses it."""

    name, version = "taboo", 2
    RULES: ClassVar[Mapping[str, TabooRules]] = {"v1.6": TabooRules(), "v3.0": TabooRules()}
    seats = (DESCRIBER, GUESSER)
    max_turns = 20

    def warm_up(self) -> None:
        """Load the stemmer."""
        stem("words")

    async def play(self, table: Table, word: Word, /) -> Outcome:
        """Ask for a clue and a guess, up to three times."""
        stopwords = self.resources.word_set("resources/stopwords.txt")
        table.tell(GUESSER, self.prompt("guesser", rounds=word.rounds))
        ask = self.prompt("describer", target=word.target, related=bullets(word.related), rounds=word.rounds)
        for round_ in range(1, word.rounds + 1):
            clue = await table.ask(DESCRIBER, ask, parse=CLUE)
            if hit := breach(clue, (word.target, *word.related), stopwords):
                return Outcome.failure(f"the clue used {hit!r}", blame=DESCRIBER)
            ask = await table.ask(GUESSER, clue, parse=GUESS)
            if guessed(ask) == word.target:
                return Outcome.success(100 / round_)
        return Outcome.failure("out of rounds")

    def metrics(self, transcript: Transcript[Word], /) -> Mapping[str, float | None]:
        """Return the request counts as clembench has them (a clue and its guess are one request), and its two counts of
        repetitions, which are always 0.
        """
        rounds = [turn for turn in transcript.turns if turn.seat == DESCRIBER]
        violated = sum(1 for turn in transcript.turns if turn.rejected is not None)
        return {
            **requests(len(rounds), violated),
            "Repetition-Guesser": 0.0,
            "Repetition-Describer": 0.0,
        }

    def render(self, transcript: Transcript[Word], /) -> Sequence[Piece]:
        """Return the words, and the clues and guesses after each turn."""
        word, outcome = transcript.instance, transcript.outcome
        moves = [turn for turn in transcript.turns if turn.parsed is not None]
        clues = [turn for turn in moves if turn.seat == DESCRIBER]
        lost = outcome is not None and outcome.kind == "failure" and outcome.blame == DESCRIBER
        said: list[Clue] = [
            (turn.asked.turn, turn.move, "bad" if lost and turn is clues[-1] else "neutral") for turn in clues
        ]
        guesses: list[Clue] = [
            (turn.asked.turn, turn.move, "good" if guessed(turn.move) == word.target else "bad")
            for turn in moves
            if turn.seat == GUESSER
        ]
        return [words(word.target, word.related), *clue_tables(said, guesses)]

    def rounds(self, transcript: Transcript[Word], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each round whether the guess was right, and its request counts."""
        scores = []
        for turn in transcript.turns:
            if turn.seat == DESCRIBER:
                scores.append({"Accuracy": 0.0, **_counts(0)})
            if turn.rejected is not None:
                scores[-1] |= _counts(1)
            elif turn.seat == GUESSER and guessed(turn.move) == transcript.instance.target:
                scores[-1]["Accuracy"] = 1.0
        return scores


def breach(clue: str, forbidden: Sequence[str], stopwords: Collection[str]) -> str | None:
    """Return the first word of `clue`, a whole reply, that has the stem of a forbidden word; words in `stopwords` are
    allowed.
    """
    stems = {stem(word) for word in forbidden}
    words = [word for word in normalize(clue, "CLUE:").split(" ") if word not in stopwords]
    return next((word for word in words if stem(word) in stems), None)


def guessed(reply: str) -> str:
    """Return the word that a reply guesses."""
    return normalize(reply, "GUESS:")


def normalize(reply: str, tag: str) -> str:
    """Return a reply without its tag, wherever that stands, and without surrounding white space; then in lower case and
    without ASCII punctuation, hyphens included.
    """
    return reply.replace(tag, "").strip().lower().translate(_NO_PUNCTUATION)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of `word` (Porter 2001, as NLTK has it)."""
    stemmed: str = _stemmer().stem(word)
    return stemmed


@cache
def _stemmer() -> Any:
    from nltk.stem.snowball import EnglishStemmer  # noqa: PLC0415 (takes a second, which only players of taboo pay)

    return EnglishStemmer()


def bullets(words: Sequence[str]) -> str:
    """Return a list with one word per line."""
    return "\n".join(f"- {word}" for word in words)


def _counts(violated: int) -> dict[str, float]:
    return {"Request Count": 1.0, "Parsed Request Count": 1.0 - violated, "Violated Request Count": float(violated)}
