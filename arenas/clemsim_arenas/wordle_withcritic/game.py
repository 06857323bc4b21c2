"""Wordle with a critic: a second player gives its opinion on every guess before it counts.

In each round the guesser proposes a word. The critic sees the clue, the proposal and the feedback so far, and replies in two
lines, `explanation: ...` and `agreement: yes` or `no`. The guesser gets the opinion and commits to a word; only that word
counts. Both replies of the guesser have the form, and the re-asks, of `clemsim_arenas.fiveletters`; the critic is never
asked again. Main score: 100 / rounds, rounded to two decimals; 0 for a loss.

The newest clembench loses the critic's instructions; here the critic gets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clemsim import Invalid, Outcome, Parser, Table, Transcript, Turn
from clemsim.formats import line, literal, one_of
from clemsim_arenas.fiveletters.board import feedback, marks
from clemsim_arenas.fiveletters.game import GUESSER, REASKS, ROUNDS, TAG, Clued, FiveLetters, two_lines

CRITIC = "critic"


@dataclass(frozen=True, slots=True)
class Opinion:
    """Whether the critic agrees with a proposal, and why."""

    agreement: str  # yes or no
    explanation: str


def read_opinion(reply: str) -> Opinion:
    """Return whether the critic agrees, and its explanation. Raises Invalid."""
    agreement, explanation = two_lines(reply, "agreement")
    if agreement not in ("yes", "no"):
        raise Invalid(f"the agreement is {agreement!r}, not 'yes' or 'no'")
    return Opinion(agreement, explanation)


OPINION = Parser(read_opinion, literal(f"{TAG} ") + line(200) + literal("\nagreement: ") + one_of("yes", "no"))


@dataclass(frozen=True, slots=True)
class Round:
    """A proposal, the critic's agreement, and the guess that the guesser then committed to."""

    proposal: str
    agreement: str
    guess: str

    @property
    def changed(self) -> bool:
        """Whether the guess is not the proposal."""
        return self.proposal != self.guess


class WordleWithCritic(FiveLetters[Clued]):
    """Find a five-letter word in six guesses, each of which a critic judges first."""

    name, version = "wordle_withcritic", 1
    seats = (GUESSER, CRITIC)
    max_turns = ROUNDS * (2 * (1 + REASKS) + 1)

    async def play(self, table: Table, word: Clued, /) -> Outcome:
        """Play up to six rounds of proposal, opinion and guess."""
        table.tell(CRITIC, self.prompt("critic"))
        ask, before = self.prompt("guesser", clue=word.clue), ""
        for round_ in range(1, ROUNDS + 1):
            proposed = await self.guess(table, ask)
            ask = self.prompt(
                "proposal", clue=word.clue, guess=proposed.word, explanation=proposed.explanation, feedback=before
            )
            opinion = await table.ask(CRITIC, ask, parse=OPINION)
            ask = self.prompt("opinion", clue=word.clue, agreement=opinion.agreement, explanation=opinion.explanation)
            guess = await self.guess(table, ask)
            if guess.word == word.target:
                return Outcome.success(round(100 / round_, 2))
            before += f"\nguess_feedback: {feedback(guess.word, marks(guess.word, word.target))}"
            ask = self.feedback(guess.word, word.target)
        return Outcome.failure(f"the word was {word.target!r}", blame=GUESSER)

    def committed(self, transcript: Transcript[Clued]) -> list[str]:
        """Return the guesses that counted: those after the critic's opinion."""
        return [round_.guess for round_ in _rounds(transcript)]

    def metrics(self, transcript: Transcript[Clued], /) -> Mapping[str, float | None]:
        """Return also how often the guesser changed its mind, by the critic's agreement."""
        done = list(_rounds(transcript))
        return {
            **super().metrics(transcript),
            "Non-Repetition-Guesser-On-Critic-Agreement": _changed(done, "yes"),
            "Non-Repetition-Guesser-On-Critic-Disagreement": _changed(done, "no"),
        }

    def rounds(self, transcript: Transcript[Clued], /) -> Sequence[Mapping[str, float | None]]:
        """Return also whether the guesser changed its mind."""
        done = zip(super().rounds(transcript), _rounds(transcript), strict=True)
        return [{**scores, "Change-Of-Opinion": float(round_.changed)} for scores, round_ in done]


def _rounds(transcript: Transcript[Clued]) -> Iterator[Round]:
    """The rounds that reached a guess."""
    moves: Iterator[Turn] = (turn for turn in transcript.turns if turn.parsed is not None)
    for proposed, opinion, guess in zip(moves, moves, moves, strict=False):
        yield Round(proposed.move["word"], opinion.move["agreement"], guess.move["word"])


def _changed(done: Sequence[Round], agreement: str) -> float | None:
    """The share of changed guesses in the rounds with this agreement: 0 where there are none, None without any round."""
    changes = [round_.changed for round_ in done if round_.agreement == agreement]
    if not done:
        return None
    return round(sum(changes) / len(changes), 2) if changes else 0.0
