"""Taboo: describe a word without using it or the words that come to mind first.

The describer gets a target and related words. In each of three rounds the describer replies `CLUE: ...`, the guesser gets
the clue and replies `GUESS: ...`, and a wrong guess goes back to the describer. A reply without its tag (case-sensitive)
aborts the game; nothing is asked again. A clue in which a word has the stem of the target or of a related word loses at
once. Guesses are compared in lower case, without punctuation. Main score: 100 / rounds used (100, 50, 33.33); 0 for a loss.

Known holes, kept so that results can be compared with clembench's: compounds ("wintertime") and words joined by a line
break, a tab or a hyphen escape the check.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import snowballstemmer

from clemsim import Arena, Instance, Outcome, Table, Transcript, tagged
from clemsim.formats import letters, line, literal
from clemsim.game.metrics import requests

DESCRIBER, GUESSER = "describer", "guesser"

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STEMMER = snowballstemmer.stemmer("english")

CLUE = tagged("CLUE:", literal("CLUE: ") + line(200))
GUESS = tagged("GUESS:", literal("GUESS: ") + letters(2, 20)).then(
    lambda reply: normalize(reply.replace("GUESS:", "")).strip()
)


class Word(Instance):
    """The target, the related words, which the describer may not use either, and the number of rounds."""

    target: str
    related: tuple[str, ...]
    rounds: int = 3


class Taboo(Arena[Word]):
    """Describe a word without saying it or its closest relatives, so that another player guesses it."""

    name, version = "taboo", 1
    seats = (DESCRIBER, GUESSER)
    max_turns = 20

    async def play(self, table: Table, word: Word, /) -> Outcome:
        """Ask for a clue and a guess, up to three times."""
        stopwords = self.resources.word_set("resources/stopwords.txt")
        table.tell(GUESSER, self.prompt("guesser", rounds=word.rounds))
        ask = self.prompt("describer", target=word.target, related=bullets(word.related), rounds=word.rounds)
        for round_ in range(1, word.rounds + 1):
            clue = await table.ask(DESCRIBER, ask, parse=CLUE)
            if hit := breach(clue, (word.target, *word.related), stopwords):
                return Outcome.failure(f"the clue used {hit!r}", blame=DESCRIBER)
            guess = await table.ask(GUESSER, f"CLUE: {clue}".strip(), parse=GUESS)
            if guess == word.target:
                return Outcome.success(100 / round_)
            ask = f"GUESS: {guess}"
        return Outcome.failure("out of rounds")

    def metrics(self, transcript: Transcript[Word], /) -> Mapping[str, float | None]:
        """Return the request counts as clembench has them (a clue and its guess are one request), and how many clues and
        guesses had been made before.
        """
        clues, guesses = transcript.moves(DESCRIBER), transcript.moves(GUESSER)
        rounds = [turn for turn in transcript.turns if turn.seat == DESCRIBER]
        violated = sum(1 for turn in transcript.turns if turn.rejected is not None)
        return {
            **requests(len(rounds), violated),
            "Clue Repetitions": float(len(clues) - len(set(map(normalize, clues)))),
            "Guess Repetitions": float(len(guesses) - len(set(guesses))),
        }

    def rounds(self, transcript: Transcript[Word], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each round whether the guess was right, and its request counts."""
        scores = []
        for turn in transcript.turns:
            if turn.seat == DESCRIBER:
                scores.append({"Accuracy": 0.0, **_counts(0)})
            if turn.rejected is not None:
                scores[-1] |= _counts(1)
            elif turn.seat == GUESSER and turn.move == transcript.instance.target:
                scores[-1]["Accuracy"] = 1.0
        return scores


def breach(clue: str, forbidden: Sequence[str], stopwords: Collection[str]) -> str | None:
    """Return the first word of `clue` that has the stem of a forbidden word; words in `stopwords` are allowed."""
    stems = {stem(word) for word in forbidden}
    words = [word for word in normalize(clue).split(" ") if word not in stopwords]
    return next((word for word in words if stem(word) in stems), None)


def normalize(text: str) -> str:
    """Return `text` in lower case, without ASCII punctuation, hyphens included."""
    return text.lower().translate(_NO_PUNCTUATION)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of `word` (Snowball, English)."""
    stemmed: str = _STEMMER.stemWord(word)
    return stemmed


def bullets(words: Sequence[str]) -> str:
    """Return a list with one word per line."""
    return "\n".join(f"- {word}" for word in words)


def _counts(violated: int) -> dict[str, float]:
    return {"Request Count": 1.0, "Parsed Request Count": 1.0 - violated, "Violated Request Count": float(violated)}
