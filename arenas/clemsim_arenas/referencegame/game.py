"""Reference game: describe one of three grids so that the other player can pick it.

Both players see the same three grids in different orders. The giver describes its first grid in one line,
`Expression: ...` (any case, nothing but line breaks after that line). The follower reads the whole reply and answers
`Answer: first`, `second` or `third`, or the number (any case; the rest of the line is ignored, so `Answer: second or first`
is the second grid, and `Answer: the first` is no answer). There is one round. The right grid is a success with score 100, a
wrong grid a loss with score 0; any other reply aborts the game. A twin such as `fırst`, which any case lets pass, is an
answer and none of the grids: a loss.

The rule sets v1.6 and v3.0 are the same. Ruling (P1): lines below an expression or an answer abort, as in v1.6, where
clembench v3.0 crashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Piece, Table, Transcript
from clemsim.formats import line, literal, one_of
from clemsim.game.metrics import requests
from clemsim_arenas.referencegame.pieces import choice, pictures

GIVER, FOLLOWER = "giver", "follower"
ORDINALS = {"first": 0, "second": 1, "third": 2, "1": 0, "2": 1, "3": 2}

# What stands below the line, after its line breaks, is `below`. `\s*` may reach over line breaks, and gives back what `.+`
# needs, so that an expression of nothing but blanks is one.
_EXPRESSION = re.compile(r"expression:(?:\s*+.|\s*[^\n\S])[^\n]*\n*(?P<below>.*)", re.IGNORECASE | re.DOTALL)
_ANSWER = re.compile(r"answer:\s*(?P<answer>first|second|third|1|2|3)[^\n]*\n*(?P<below>.*)", re.IGNORECASE | re.DOTALL)


def _one_line(pattern: re.Pattern[str], reply: str, expected: str) -> re.Match[str]:
    matched = pattern.match(reply)
    if matched is None or matched["below"]:
        raise Invalid(f"the reply is not {expected}")
    return matched


def read_expression(reply: str) -> str:
    """Return the reply as it is. Raises Invalid."""
    _one_line(_EXPRESSION, reply, "one line 'Expression: ...'")
    return reply


def read_answer(reply: str) -> int | None:
    """Return the number of the follower's grid, from 0; None for a twin of a number word. Raises Invalid."""
    matched = _one_line(_ANSWER, reply, "'Answer: first', 'second' or 'third'")
    return ORDINALS.get(matched["answer"].lower())


EXPRESSION = Parser(read_expression, literal("Expression: ") + line())
ANSWER = Parser(read_answer, literal("Answer: ") + one_of("first", "second", "third"))


class Grids(Instance):
    """Three grids as text. The giver's first grid is the target; the follower's grid number i is `grids[order[i]]`."""

    grids: tuple[str, str, str]
    order: tuple[int, int, int]

    @property
    def answer(self) -> int:
        """The number of the target among the follower's grids, from 0."""
        return self.order.index(0)


@dataclass(frozen=True, slots=True)
class ReferenceGameRules:
    """Both rule sets are one."""


class ReferenceGame(Arena[Grids]):
    """Describe one of three grids so that another player picks it."""

    name, version = "referencegame", 2
    RULES: ClassVar[Mapping[str, ReferenceGameRules]] = {"v1.6": ReferenceGameRules(), "v3.0": ReferenceGameRules()}
    seats = (GIVER, FOLLOWER)
    max_turns = 2

    async def play(self, table: Table, three: Grids, /) -> Outcome:
        """Ask for one description and one answer."""
        target, one, other = three.grids
        ask = self.prompt("giver", target=target, distractor_1=one, distractor_2=other)
        expression = await table.ask(GIVER, ask, parse=EXPRESSION)
        first, second, third = (three.grids[index] for index in three.order)
        ask = self.prompt("follower", first=first, second=second, third=third, expression=expression)
        answer = await table.ask(FOLLOWER, ask, parse=ANSWER)
        if answer == three.answer:
            return Outcome.success()
        return Outcome.failure("the wrong grid was chosen")

    def metrics(self, transcript: Transcript[Grids], /) -> Mapping[str, float | None]:
        """Return the length of the expression, with its tag, in characters and in tokens (split at spaces), and which player
        aborted. As in clembench, `Success` and `Lose` of an aborted game are undefined.
        """
        outcome = transcript.outcome
        blame = outcome.blame if outcome is not None and outcome.kind == "aborted" else None
        counts = requests(len(transcript.turns), int(blame is not None))
        ratio = counts["Request Success Ratio"]
        return {
            **({"Success": None, "Lose": None} if blame else {}),
            **_lengths(transcript),
            "Aborted at Player 1": float(blame == GIVER),
            "Aborted at Player 2": float(blame == FOLLOWER),
            "Request Success Ratio": None if ratio is None else round(ratio, 4),
        }

    def render(self, transcript: Transcript[Grids], /) -> Sequence[Piece]:
        """Return the target, the follower's grids, and which of them was chosen."""
        three = transcript.instance
        answers = [turn for turn in transcript.turns if turn.seat == FOLLOWER and turn.parsed is not None]
        chosen = [choice(turn.move, three.answer, turn.asked.turn) for turn in answers]
        return [*pictures(three.grids, three.order, three.answer), *chosen]

    def rounds(self, transcript: Transcript[Grids], /) -> Sequence[Mapping[str, float | None]]:
        """Return the lengths, the request counts and the success of the only round."""
        won = transcript.outcome is not None and transcript.outcome.kind == "success"
        violated = sum(turn.rejected is not None for turn in transcript.turns)
        counts = requests(len(transcript.turns), violated)
        del counts["Request Success Ratio"]
        return [{**_lengths(transcript), **counts, "Success": float(won)}]


def _lengths(transcript: Transcript[Grids]) -> dict[str, float | None]:
    expressions = transcript.moves(GIVER)
    return {
        "Generated Expression Length": float(len(expressions[0])) if expressions else None,
        "Generated Expression Number of Tokens": float(len(expressions[0].split(" "))) if expressions else None,
    }
