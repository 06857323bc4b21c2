"""Reference game: describe one of three grids so that the other player can pick it.

Both players see the same three grids in different orders. The giver describes its first grid in one line,
`Expression: ...` (any case, nothing after that line). The follower reads the whole line and replies `Answer: first`,
`second` or `third`, or the number (any case; the rest of the line is ignored, so `Answer: second or first` is the second
grid, and `Answer: the first` is no answer). There is one round. The right grid is a success with score 100, a wrong grid a
loss with score 0; any other reply aborts the game.
"""

from __future__ import annotations

from collections.abc import Mapping

from clemsim import Arena, Instance, Outcome, Table, Transcript, matching
from clemsim.formats import line, literal, one_of

GIVER, FOLLOWER = "giver", "follower"
# A twin such as "fırst", which any case lets pass, is an answer, and as in clembench none of the grids.
ORDINALS = {"first": 0, "second": 1, "third": 2, "1": 0, "2": 1, "3": 2}

# `*+` gives no blank back: else a long line of them would be tried anew from each.
EXPRESSION = matching(r"expression:\s*+[^\n]+", "one line 'Expression: ...'", literal("Expression: ") + line()).then(
    lambda matched: matched.group()
)
ANSWER = matching(
    r"answer:\s*(first|second|third|1|2|3)[^\n]*",
    "'Answer: first', 'second' or 'third'",
    literal("Answer: ") + one_of("first", "second", "third"),
).then(lambda matched: ORDINALS.get(matched.group(1).lower()))


class Grids(Instance):
    """Three grids as text. The giver's first grid is the target; the follower's grid number i is `grids[order[i]]`."""

    grids: tuple[str, str, str]
    order: tuple[int, int, int]

    @property
    def answer(self) -> int:
        """The number of the target among the follower's grids, from 0."""
        return self.order.index(0)


class ReferenceGame(Arena[Grids]):
    """Describe one of three grids so that another player picks it."""

    name, version = "referencegame", 1
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
        expressions = transcript.moves(GIVER)
        undefined = {"Success": None, "Lose": None} if blame else {}
        return {
            **undefined,
            "Generated Expression Length": float(len(expressions[0])) if expressions else None,
            "Generated Expression Number of Tokens": float(len(expressions[0].split(" "))) if expressions else None,
            "Aborted at Player 1": float(blame == GIVER),
            "Aborted at Player 2": float(blame == FOLLOWER),
        }
