"""Wordle with a critic: a second player gives its opinion on every guess before it counts.

In each round the guesser proposes a word. The critic sees the clue and the proposal, but not the feedback so far (as in
clembench, whose prompt promises it), and replies in two lines, `explanation: ...` and `agreement: yes` or `no`. The guesser
gets the opinion and commits to a word; only that word counts. All replies have the form of `clemsim_arenas.fiveletters`,
and those of the guesser its re-asks; the critic is never asked again, and only from the second round on reminded of the
form. Main score: 100 / rounds, rounded to two decimals; 0 for a loss.

Ruling: the critic gets its instructions, which clembench of 2025 loses and that of v3.0 gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from clemsim import Invalid, Outcome, Parser, Piece, Table, Transcript, Turn
from clemsim.formats import line, literal, one_of
from clemsim_arenas.fiveletters.game import (
    AS_TAUGHT,
    GUESSER,
    REASKS,
    ROUNDS,
    TAG,
    Clued,
    FiveLetters,
    FiveLettersRules,
    tagged_lines,
)
from clemsim_arenas.fiveletters.pieces import opinions

CRITIC = "critic"


@dataclass(frozen=True, slots=True)
class Opinion:
    """Whether the critic agrees with a proposal, and why."""

    agreement: str  # yes or no
    explanation: str


def opinion_of(rules: FiveLettersRules) -> Parser[Opinion]:
    """Return a parser of the critic's replies: whether it agrees, and its explanation."""

    def read(reply: str) -> Opinion:
        agreement, explanation = tagged_lines(reply, "agreement", rules)
        if agreement not in ("yes", "no"):
            raise Invalid(f"the agreement is {agreement!r}, not 'yes' or 'no'")
        return Opinion(agreement, explanation)

    return Parser(read, literal(f"{TAG} ") + line(200) + literal("\nagreement: ") + one_of("yes", "no"))


@dataclass(frozen=True, slots=True)
class Round:
    """A proposal, the critic's agreement, and the guess that the guesser then committed to."""

    proposal: str
    agreement: str
    guess: str
    turn: int  # of the guess

    @property
    def changed(self) -> bool:
        """Whether the guess is not the proposal."""
        return self.proposal != self.guess


class WordleWithCritic(FiveLetters[Clued]):
    """Find a five-letter word in six guesses, each of which a critic judges first."""

    name, version = "wordle_withcritic", 2
    RULES: ClassVar[Mapping[str, FiveLettersRules]] = {**FiveLetters.RULES, "v1.6-as-taught": AS_TAUGHT}
    seats = (GUESSER, CRITIC)
    max_turns = ROUNDS * (2 * (1 + REASKS) + 1)
    spare_fields = ("clue",)  # clembench's opinion repeats it

    async def play(self, table: Table, word: Clued, /) -> Outcome:
        """Play up to six rounds of proposal, opinion and guess."""
        table.tell(CRITIC, self.prompt("critic"))
        ask, proposal = self.prompt("guesser", clue=word.clue), "first_proposal"
        for round_ in range(1, ROUNDS + 1):
            proposed = await self.guess(table, ask)
            ask = self.prompt(proposal, clue=word.clue, guess=proposed.word, explanation=proposed.explanation)
            opinion = await table.ask(CRITIC, ask, parse=opinion_of(self.rules))
            ask = self.prompt("opinion", clue=word.clue, agreement=opinion.agreement, explanation=opinion.explanation)
            guess = await self.guess(table, ask)
            if guess.word == word.target:
                return Outcome.success(round(100 / round_, 2))
            ask, proposal = self.feedback(guess.word, word.target), "proposal"
        return Outcome.failure(f"the word was {word.target!r}", blame=GUESSER)

    def counted(self, transcript: Transcript[Clued]) -> list[tuple[int, str]]:
        """Return the turn and the word of each guess that counted: those after the critic's opinion."""
        return [(round_.turn, round_.guess) for round_ in _rounds(transcript)]

    def render(self, transcript: Transcript[Clued], /) -> Sequence[Piece]:
        """Return also what the critic said to each proposal."""
        done = [(round_.proposal, round_.agreement, round_.guess) for round_ in _rounds(transcript)]
        return [*super().render(transcript), opinions(done)]

    def metrics(self, transcript: Transcript[Clued], /) -> Mapping[str, float | None]:
        """Return also how often the guesser kept its guess and changed it, by the critic's agreement, of any game."""
        done = list(_rounds(transcript))
        return {
            **super().metrics(transcript),
            "Repetition-Guesser-On-Critic-Agreement": _share(done, "yes", changed=False),
            "Non-Repetition-Guesser-On-Critic-Agreement": _share(done, "yes", changed=True),
            "Repetition-Guesser-On-Critic-Disagreement": _share(done, "no", changed=False),
            "Non-Repetition-Guesser-On-Critic-Disagreement": _share(done, "no", changed=True),
        }

    def rounds(self, transcript: Transcript[Clued], /) -> Sequence[Mapping[str, float | None]]:
        """Return also whether the guesser changed its mind."""
        done = zip(super().rounds(transcript), _rounds(transcript), strict=True)
        return [{**scores, "Change-Of-Opinion": float(round_.changed)} for scores, round_ in done]


def _rounds(transcript: Transcript[Clued]) -> Iterator[Round]:
    """The rounds that reached a guess."""
    moves: Iterator[Turn] = (turn for turn in transcript.turns if turn.parsed is not None)
    for proposed, opinion, guess in zip(moves, moves, moves, strict=False):
        yield Round(proposed.move["word"], opinion.move["agreement"], guess.move["word"], guess.asked.turn)


def _share(done: Sequence[Round], agreement: str, *, changed: bool) -> float | None:
    """The share of guesses that were changed, or kept, in the rounds with this agreement: 0 where there are none, None
    without any round.
    """
    changes = [round_.changed for round_ in done if round_.agreement == agreement]
    if not done:
        return None
    return round(changes.count(changed) / len(changes), 2) if changes else 0.0
