"""Wordle with a critic: a second player gives its opinion on every guess before it counts.

Each round the guesser proposes a word; the critic sees the clue, the proposal and the feedback so far and replies in two
lines, `explanation: ...` and `agreement: yes` or `no`; the guesser, told of it, commits to a word, which alone counts.
Both of the guesser's replies have the form of `clemsim_arenas.fiveletters` and its re-asks; the critic is never asked again.
Main score: 100 / rounds, rounded to two decimals; 0 for not winning.

clembench at its head loses the critic's instructions; here it has them.
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
    """What the critic thinks of a proposal, and why."""

    agreement: str  # yes or no
    explanation: str


def read_opinion(reply: str) -> Opinion:
    """Whether the critic agrees, and its explanation. Raises Invalid."""
    agreement, explanation = two_lines(reply, "agreement")
    if agreement not in ("yes", "no"):
        raise Invalid(f"the agreement is {agreement!r}, not 'yes' or 'no'")
    return Opinion(agreement, explanation)


OPINION = Parser(read_opinion, literal(f"{TAG} ") + line(200) + literal("\nagreement: ") + one_of("yes", "no"))


@dataclass(frozen=True, slots=True)
class Round:
    """What was proposed, what the critic thought of it, and what the guesser then committed to."""

    proposal: str
    agreement: str
    guess: str

    @property
    def changed(self) -> bool:
        """Whether the guesser changed its mind."""
        return self.proposal != self.guess


class WordleWithCritic(FiveLetters[Clued]):
    """Find a five-letter word in six guesses, each of which a critic judges first."""

    name, version = "wordle_withcritic", 1
    seats = (GUESSER, CRITIC)
    max_turns = ROUNDS * (2 * (1 + REASKS) + 1)

    async def play(self, table: Table, word: Clued, /) -> Outcome:
        """Six rounds of proposal, opinion and guess."""
        table.tell(CRITIC, self.prompt("critic"))
        ask, before = self.prompt("guesser", clue=word.clue), ""
        for round_ in range(1, ROUNDS + 1):
            proposed = await self.guess(table, ask)
            shown = self.prompt(
                "proposal", clue=word.clue, guess=proposed.word, explanation=proposed.explanation, feedback=before
            )
            opinion = await table.ask(CRITIC, shown, parse=OPINION)
            heard = self.prompt("opinion", clue=word.clue, agreement=opinion.agreement, explanation=opinion.explanation)
            said = await self.guess(table, heard)
            if said.word == word.target:
                return Outcome.success(round(100 / round_, 2))
            before += f"\nguess_feedback: {feedback(said.word, marks(said.word, word.target))}"
            ask = self.feedback(said.word, word.target)
        return Outcome.failure(f"the word was {word.target!r}", blame=GUESSER)

    def committed(self, transcript: Transcript[Clued]) -> list[str]:
        """The guesses that counted: those that came after the critic's opinion."""
        return [round_.guess for round_ in _rounds(transcript)]

    def metrics(self, transcript: Transcript[Clued], /) -> Mapping[str, float | None]:
        """Also how often the guesser changed its mind, by what the critic thought of the proposal."""
        done = list(_rounds(transcript))
        return {
            **super().metrics(transcript),
            "Non-Repetition-Guesser-On-Critic-Agreement": _changed(done, "yes"),
            "Non-Repetition-Guesser-On-Critic-Disagreement": _changed(done, "no"),
        }

    def rounds(self, transcript: Transcript[Clued], /) -> Sequence[Mapping[str, float | None]]:
        """Also whether the guesser changed its mind."""
        done = zip(super().rounds(transcript), _rounds(transcript), strict=True)
        return [{**scores, "Change-Of-Opinion": float(round_.changed)} for scores, round_ in done]


def _rounds(transcript: Transcript[Clued]) -> Iterator[Round]:
    """The rounds that came to a guess."""
    moves: Iterator[Turn] = (turn for turn in transcript.turns if turn.parsed is not None)
    for proposed, opinion, said in zip(moves, moves, moves, strict=False):
        yield Round(proposed.move["word"], opinion.move["agreement"], said.move["word"])


def _changed(done: Sequence[Round], agreement: str) -> float | None:
    """The share of the rounds with this opinion in which the guess was not the proposal; 0 where there are none."""
    some = [round_.changed for round_ in done if round_.agreement == agreement]
    if not done:
        return None
    return round(sum(some) / len(some), 2) if some else 0.0
