"""Match it: two players, each of whom sees one grid, find out by talking whether both see the same.

Player a and player b describe their grids, then each asks three questions, which the other answers, b first; at last each
decides, b first, and a does not learn how. Whole replies are passed on. A reply begins with the tag that is due
(`DESCRIPTION:`, `QUESTION:`, `ANSWER:`, `DECISION:`; case-sensitive, a space or a line break behind it); a decision is
`DECISION: same grid` or `DECISION: different grids` (after the tag in any case, full stops around it), and nothing else.
Main score: 100 if both decide rightly, else 0; `Player Score` is 50 where one of them does.

By v3.0 any other reply ends the game as lost, and not aborted, with a `Player Score` of 50 if b had decided rightly before;
`Invalid` tells how many games end so. Only one that begins with "abort" aborts, as in clembench, whose scorer looks for that
word. By v1.6 any such reply aborts.

Kept so that results can be compared with clembench's: a decision with its tag that decides nothing counts as two requests,
one of them violated. Known holes: a player may send its grid as it is; three of four experiments have different grids, so
that always saying so wins three games of four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Piece, Table, Transcript, Turn
from clemsim.formats import line, literal, one_of
from clemsim.game.metrics import requests
from clemsim_arenas.matchit_ascii.pieces import decision, grids

PLAYER_A, PLAYER_B = "player_a", "player_b"
DESCRIPTION, QUESTION, ANSWER, DECISION = "DESCRIPTION:", "QUESTION:", "ANSWER:", "DECISION:"
Solution = Literal["same grid", "different grids"]
SAME: Solution = "same grid"
DIFFERENT: Solution = "different grids"
MOST_QUESTIONS = 20  # of each player
UNDECIDED = "the decision is neither"  # begins the reason why such a reply is refused


class SaysAbort(Invalid):
    """A reply that breaks the rules, and begins with the word that aborts."""


def said(tag: str) -> Parser[str]:
    """Return the parser of replies whose first word is `tag`; the move is the whole reply, stripped."""

    def read(reply: str) -> str:
        _check_tag(reply, tag)
        return reply.strip()

    return Parser(read, literal(f"{tag} ") + line(300))


def _read_decision(reply: str) -> str:
    _check_tag(reply, DECISION)
    decided = reply.lower().strip(".\n").removeprefix(f"{DECISION.lower()} ")
    if decided not in (SAME, DIFFERENT):
        raise Invalid(f"{UNDECIDED} {SAME!r} nor {DIFFERENT!r}")
    return decided


def _check_tag(reply: str, tag: str) -> None:
    """Raise Invalid unless the text before the first space of the first line is the tag."""
    found = reply.strip().partition("\n")[0].partition(" ")[0]
    if found != tag:
        problem = SaysAbort if reply.startswith("abort") else Invalid
        raise problem(f"the reply begins with {found[:40]!r}, not with {tag!r}")


DECIDED = Parser(_read_decision, literal(f"{DECISION} ") + one_of(SAME, DIFFERENT))
PARSERS = {tag: said(tag) for tag in (DESCRIPTION, QUESTION, ANSWER)}


class TwoGrids(Instance):
    """The grids of both players as text, whether they are the same, and the number of questions of each player."""

    grid_a: str
    grid_b: str
    solution: Solution
    questions: int = Field(default=3, ge=1, le=MOST_QUESTIONS)


@dataclass(frozen=True, slots=True)
class MatchItRules:
    """What becomes of a game when a reply is not in its form."""

    broken: Literal["lost", "aborted"]


class MatchItAscii(Arena[TwoGrids]):
    """Find out by talking whether both players see the same grid."""

    name = "matchit_ascii"
    RULES: ClassVar[Mapping[str, MatchItRules]] = {"v3.0": MatchItRules("lost"), "v1.6": MatchItRules("aborted")}
    rules: MatchItRules
    seats = (PLAYER_A, PLAYER_B)
    max_turns = 4 + 4 * MOST_QUESTIONS

    async def play(self, table: Table, grids: TwoGrids, /) -> Outcome:
        """Ask for descriptions, for questions and answers in turn, and for decisions."""
        first = await self._say(table, PLAYER_A, self.prompt("first", grid=grids.grid_a), DESCRIPTION)
        second = await self._say(table, PLAYER_B, self.prompt("first", grid=grids.grid_b), DESCRIPTION)
        question = await self._say(table, PLAYER_B, self.prompt("described", description=first), QUESTION)
        ask = self.prompt("asked", description=second, question=question)
        for round_ in range(1, grids.questions + 1):
            answer = await self._say(table, PLAYER_A, ask, ANSWER)
            question = await self._say(table, PLAYER_A, self.prompt("question"), QUESTION)
            ask = self.prompt("answered", answer=answer, question=question)
            answer = await self._say(table, PLAYER_B, ask, ANSWER)
            if round_ < grids.questions:
                question = await self._say(table, PLAYER_B, self.prompt("question"), QUESTION)
                ask = self.prompt("answered", answer=answer, question=question)
        decisions = [
            await self._decide(table, PLAYER_B, self.prompt("decide")),
            await self._decide(table, PLAYER_A, self.prompt("answered_last", answer=answer)),
        ]
        if decisions == [grids.solution] * 2:
            return Outcome.success()
        return Outcome.failure(f"the right decision was {grids.solution!r}")

    async def _say(self, table: Table, seat: str, ask: str, tag: str) -> str:
        return await table.ask(seat, ask, parse=PARSERS[tag], lost=lambda problem: self._end(problem, seat))

    async def _decide(self, table: Table, seat: str, ask: str) -> str:
        return await table.ask(seat, ask, parse=DECIDED, lost=lambda problem: self._end(problem, seat))

    def _end(self, problem: Invalid, seat: str) -> Outcome:
        """Return the outcome of a game that ends with a broken reply."""
        if self.rules.broken == "aborted" or isinstance(problem, SaysAbort):
            return Outcome.aborted(problem.reason, blame=seat)
        return Outcome.failure(problem.reason, blame=seat)

    def metrics(self, transcript: Transcript[TwoGrids], /) -> Mapping[str, float | None]:
        """Return the score of the players, whether the game ended with a broken reply, and the request counts."""
        violated = sum(turn.rejected is not None for turn in transcript.turns)
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        right = sum(turn.move == transcript.instance.solution for turn in transcript.turns if turn.parsed is not None)
        return {
            **requests(sum(map(_requests, transcript.turns)), violated),
            "Player Score": None if aborted else 50.0 * right,
            "Invalid": float(violated > 0),
        }

    def render(self, transcript: Transcript[TwoGrids], /) -> Sequence[Piece]:
        """Return both grids, and what each player decided."""
        two = transcript.instance
        decided = [turn for turn in transcript.turns if turn.parsed is not None and turn.move in (SAME, DIFFERENT)]
        return [
            *grids(two.grid_a, two.grid_b),
            *(decision(turn.seat, turn.move, two.solution, turn.asked.turn) for turn in decided),
        ]

    def rounds(self, transcript: Transcript[TwoGrids], /) -> Sequence[Mapping[str, float | None]]:
        """Return the request counts of each round: descriptions and the first question; answers and questions of both; the
        last decision.
        """
        turns = transcript.turns
        rounds = [turns[:3], *(turns[place : place + 4] for place in range(3, len(turns), 4))]
        return [_counts(round_) for round_ in rounds if round_]


def _requests(turn: Turn) -> int:
    """Return how many requests a turn counts for."""
    return 2 if turn.rejected is not None and turn.rejected.reason.startswith(UNDECIDED) else 1


def _counts(turns: Sequence[Turn]) -> dict[str, float | None]:
    counts = requests(sum(map(_requests, turns)), sum(turn.rejected is not None for turn in turns))
    del counts["Request Success Ratio"]
    return counts
