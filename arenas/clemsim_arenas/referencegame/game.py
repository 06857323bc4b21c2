"""Reference game: name one of three grids so that another can pick it.

Both see the same three grids in different orders. The giver describes its first grid in one line, `Expression: ...` (any
case, nothing behind that line); the follower reads the whole expression and replies `Answer: first`, `second` or `third`, or
the number (any case; what follows the word on the same line is ignored, so `Answer: second or first` is the second and
`Answer: the first` is no answer). One round. The right grid is a success with 100, a wrong one a failure with 0; any other
reply aborts.
"""

from __future__ import annotations

from collections.abc import Mapping

from clemsim import Arena, Instance, Outcome, Table, Transcript, matching
from clemsim.formats import line, literal, one_of

GIVER, FOLLOWER = "giver", "follower"
ORDINALS = {"first": 0, "second": 1, "third": 2, "1": 0, "2": 1, "3": 2}

EXPRESSION = matching(r"expression:\s*[^\n]+", "one line 'Expression: ...'", literal("Expression: ") + line()).then(
    lambda found: found.group()
)
ANSWER = matching(
    r"answer:\s*(first|second|third|1|2|3)[^\n]*",
    "'Answer: first', 'second' or 'third'",
    literal("Answer: ") + one_of("first", "second", "third"),
).then(lambda found: ORDINALS[found.group(1).lower()])


class Grids(Instance):
    """Three grids as text. The giver's first is the target; `order[i]` says which of them the follower sees as its i-th."""

    grids: tuple[str, str, str]
    order: tuple[int, int, int]

    @property
    def answer(self) -> int:
        """Which of the follower's grids is the target, from 0."""
        return self.order.index(0)


class ReferenceGame(Arena[Grids]):
    """Describe one of three grids so that another player picks it."""

    name, version = "referencegame", 1
    seats = (GIVER, FOLLOWER)
    max_turns = 2

    async def play(self, table: Table, three: Grids, /) -> Outcome:
        """One description, one answer."""
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
        """Length of the expression, with its tag, in characters and in tokens (split at spaces); who aborted.

        As in clembench, an aborted game is neither won nor lost: both are undefined.
        """
        outcome = transcript.outcome
        blame = outcome.blame if outcome is not None and outcome.kind == "aborted" else None
        said = transcript.moves(GIVER)
        undefined = {"Success": None, "Lose": None} if blame else {}
        return {
            **undefined,
            "Generated Expression Length": float(len(said[0])) if said else None,
            "Generated Expression Number of Tokens": float(len(said[0].split(" "))) if said else None,
            "Aborted at Player 1": float(blame == GIVER),
            "Aborted at Player 2": float(blame == FOLLOWER),
        }
