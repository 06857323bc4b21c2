"""Guess what: find out by yes-or-no questions which of eight words another player has in mind.

In each of eight rounds the guesser replies `QUESTION: ...` or `GUESS: ...`. A question goes to the answerer as it was said,
and the answer, one of six exact texts such as `ANSWER: yes` or `ANSWER: No.`, goes back. There is one guess: the right word,
in any case and without punctuation, is a success, another a loss; so are eight rounds without a guess. Any other reply
aborts the game, and nothing is asked again: tags are case-sensitive and stand first, a question is one, nothing stands
behind its question mark, and it is not about letters, length, syllables or the part of speech of the word. Main score: 100
for a right guess within five rounds, then 66.67, 33.33 and, in the eighth, 0.

Kept so that results can be compared with clembench's: the five rounds that score 100 are the same for all experiments, where
others were meant; the questions that are forbidden are a few phrases, easy to get around, and asking for one of the words
("Is it the table?") is allowed, for the pattern that forbids it wants a control character; a target with a hyphen cannot be
guessed, as the guess loses its hyphen; whether answers are true is not checked; requests are counted by round, and one is
violated if any reply of its round is. Recorded replies are judged as they came, so that an answer with a line break behind
it aborts.

The rule sets v1.6 and v3.0 are the same.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Piece, Table, Transcript, Turn
from clemsim.formats import Format, either, line, literal, one_of
from clemsim.game.metrics import requests
from clemsim.game.pieces import Tone
from clemsim_arenas.guesswhat.pieces import candidates, talk

GUESSER, ANSWERER = "guesser", "answerer"
FAST = 5  # rounds; a right guess within them scores 100
MOST_ROUNDS = 50
QUESTION, GUESS = "QUESTION:", "GUESS:"
ANSWERS = tuple(f"ANSWER: {answer}" for answer in ("yes", "no", "Yes.", "Yes", "No.", "No"))
FORBIDDEN = "the question is about the word itself"  # begins the reason why such a reply is refused

_THE_WORD = "does the target word"
_COUNTED = "one|two|three|four|five|six|seven|eight|nine|ten"
_SPEECH = "noun|verb|adjective|adverb|pronoun|preposition|conjunction|interjection"
# What a question, in lower case, may not say, by what that is about: two of them at its beginning, the others anywhere. The
# control character in the last one was meant to be the closing quote.
PATTERNS = {
    "its letters": rf"{_THE_WORD} (?:start with the letter|contain the letter|have the letter\s*[a-z])"
    r"|is the (?:first|second|third|fourth|fifth) letter of the target word [a-z]",
    "its length": rf"{_THE_WORD} (?:have|contain) (?:more|less|exactly) \d+ letter",
    "its syllables": rf"{_THE_WORD} (?:have|contain) (?:more than|less than|exactly) (?:{_COUNTED}|\d+) syllable",
    "its part of speech": rf"\Ais the target word an?\s+(?:{_SPEECH})\s*\?",
    "a word in quotes": r"\Ais the target word\s*['\"][^'\"]+?\x01\s*\?",
}
_PATTERNS = {about: re.compile(pattern) for about, pattern in PATTERNS.items()}
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Said:
    """A reply of the guesser as it is, and the word that it guesses; None: it is a question."""

    reply: str
    guess: str | None = None


class Candidates(Instance):
    """The target, all candidates, and the number of rounds."""

    target: str
    candidates: tuple[str, ...]
    rounds: int = Field(default=8, ge=1, le=MOST_ROUNDS)


@dataclass(frozen=True, slots=True)
class GuessWhatRules:
    """Both rule sets are one."""


class GuessWhat(Arena[Candidates]):
    """Find out which of eight words another player has in mind."""

    name = "guesswhat"
    spare_fields = ("list",)  # of prompts that write the words as Python does
    RULES: ClassVar[Mapping[str, GuessWhatRules]] = {"v3.0": GuessWhatRules(), "v1.6": GuessWhatRules()}
    seats = (GUESSER, ANSWERER)
    max_turns = 2 * MOST_ROUNDS

    async def play(self, table: Table, words: Candidates, /) -> Outcome:
        """Ask for questions and their answers, until the guesser guesses."""
        table.tell(ANSWERER, self.prompt("answerer", target=words.target))
        listed = {"candidates": ", ".join(words.candidates), "list": str(list(words.candidates))}
        ask = self.prompt("guesser", questions=words.rounds - 1, **listed)
        for round_ in range(1, words.rounds + 1):
            said = await table.ask(GUESSER, ask, parse=question_or_guess(words.candidates))
            if said.guess == words.target.lower():
                return Outcome.success(speed(round_, words.rounds))
            if said.guess is not None:
                return Outcome.failure(f"the word was {words.target!r}", blame=GUESSER)
            ask = await table.ask(ANSWERER, said.reply, parse=ANSWER)
        return Outcome.failure("out of rounds", blame=GUESSER)

    def metrics(self, transcript: Transcript[Candidates], /) -> Mapping[str, float | None]:
        """Return the request counts, where a request is a round; the speed of a success; and which kind of reply aborted."""
        rounds = self.rounds(transcript)
        last = transcript.turns[-1] if transcript.turns else None
        outcome = transcript.outcome
        won = outcome is not None and outcome.kind == "success"
        return {
            **requests(len(rounds), sum(bool(each["Violated Request Count"]) for each in rounds)),
            "Speed": outcome.quality if outcome and won else None,
            "Invalid format guesser response": _fault(last, GUESSER, about_the_word=False),
            "Invalid format answerer response": _fault(last, ANSWERER, about_the_word=False),
            "Invalid content guesser response": _fault(last, GUESSER, about_the_word=True),
            "Invalid content answerer response": 0.0,
        }

    def render(self, transcript: Transcript[Candidates], /) -> Sequence[Piece]:
        """Return the candidates, and the questions with their answers."""
        words = transcript.instance
        rounds: list[tuple[int, str, str, Tone]] = []
        for turn in (turn for turn in transcript.turns if turn.parsed is not None):
            if turn.seat == ANSWERER:
                answer = turn.move.removeprefix("ANSWER: ")
                said = rounds[-1][1] if rounds else ""
                rounds[-1:] = [(turn.asked.turn, said, answer, "good" if answer.lower().startswith("yes") else "bad")]
            elif turn.move["guess"] is None:
                rounds.append((turn.asked.turn, turn.move["reply"].removeprefix(QUESTION).strip(), "", "neutral"))
            else:
                right = turn.move["guess"] == words.target.lower()
                tone: Tone = "good" if right else "bad"
                rounds.append((turn.asked.turn, turn.move["reply"].strip(), "right" if right else "wrong", tone))
        return [candidates(words.candidates, words.target), *talk(rounds)]

    def rounds(self, transcript: Transcript[Candidates], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each round whether the guess was right, and its request counts."""
        outcome, scores = transcript.outcome, list[dict[str, float | None]]()
        for turn in transcript.turns:
            if turn.seat == GUESSER:
                scores.append({"Accuracy": 0.0, **_counts(0)})
            if turn.rejected is not None:
                scores[-1] |= _counts(1)
        if scores and outcome is not None and outcome.kind == "success":
            scores[-1]["Accuracy"] = 1.0
        return scores


def speed(rounds: int, most: int) -> float:
    """Return the main score of a right guess: 100 within the first five rounds, then less in equal steps, 0 in the last."""
    return 100.0 if rounds <= FAST else max(0.0, 100 * (most - rounds) / (most - FAST))


def question_or_guess(candidates: Sequence[str]) -> Parser[Said]:
    """Return the parser of the guesser's replies."""
    guesses = literal(f"{GUESS} ") + one_of(*candidates)
    return Parser(_read, either(_QUESTION, guesses))


def _read(reply: str) -> Said:
    if reply.startswith(QUESTION):
        _check_question(reply)
        return Said(reply)
    if not reply.startswith(GUESS):
        raise Invalid(f"the reply starts with neither {QUESTION!r} nor {GUESS!r}")
    guess = reply[len(GUESS) :].strip().lower().translate(_NO_PUNCTUATION)
    if len(guess.split()) > 1:
        raise Invalid("the guess has more than one word")
    return Said(reply, guess)


def _check_question(reply: str) -> None:
    if reply.count(QUESTION) > 1:
        raise Invalid(f"{QUESTION!r} stands more than once in the reply")
    if reply[len(QUESTION) :].partition("?")[2].strip():
        raise Invalid("something stands behind the question mark")
    text = reply.replace(QUESTION, "").strip().lower()
    for about, pattern in _PATTERNS.items():
        if pattern.search(text):
            raise Invalid(f"{FORBIDDEN}: {about}")


def _read_answer(reply: str) -> str:
    if reply not in ANSWERS:
        raise Invalid("the answer is not 'ANSWER: yes' or 'ANSWER: no'")
    return reply


_QUESTION: Format = literal(f"{QUESTION} ") + line(200, but="?:") + literal("?")
ANSWER = Parser(_read_answer, one_of(*ANSWERS))


def _fault(turn: Turn | None, seat: str, *, about_the_word: bool) -> float:
    rejected = turn.rejected if turn is not None and turn.seat == seat else None
    return float(rejected is not None and rejected.reason.startswith(FORBIDDEN) is about_the_word)


def _counts(violated: int) -> dict[str, float | None]:
    return {"Request Count": 1.0, "Parsed Request Count": 1.0 - violated, "Violated Request Count": float(violated)}
