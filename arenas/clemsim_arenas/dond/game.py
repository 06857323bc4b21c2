"""Deal or no deal: divide items that are worth different things to each of you.

Both seats see the items; what they are worth, each knows only for itself. They send each other messages, five each at most,
and either may end the talk with a secret proposal, `[Proposal: 2 hats, 1 egg]` (`Vorschlag` in German, `Proposta` in
Italian), of what it wants for itself; then the other makes its own. After five messages each, first one and then the other
must propose. If there are enough pieces for both, each gets what it asked for, and the points for it; else nobody gets
anything. The score is how little a better division would gain (`clemsim_arenas.dond.goods`); points are the scores of the
seats.

A reply with square brackets opened and closed on one line is a proposal, whatever stands around them, and only the first
brackets count. Names are compared in lower case as they stand or by their stems, numbers are numerals of any script. What is
in brackets and no proposal, a message where a proposal is due, and a proposal of more pieces than there are abort the game;
the latter two do not count as violated requests. Nothing is asked again.

Kept, so that results can be compared with clembench's: "I want [2 hats]" aborts. An empty message of the second seat leads
to the first seat's being asked the same again. In the mode comp, which no benchmark has, every game that is not aborted has
the score 100, also a lost one.

Ruling: a numeral that is no whole number ("½ hat"), where clembench fails, aborts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from clemsim import Outcome, Piece, Table, Transcript
from clemsim_arenas.dond.goods import Division, Goods, loss, most_together, score
from clemsim_arenas.dond.pieces import tables
from clemsim_arenas.dond.reading import move_in
from clemsim_arenas.negotiations.seats import FIRST, SEATS, SECOND, other, round_requests
from clemsim_arenas.nouns.stems import LANGUAGES, stem
from clemsim_arenas.wordings.wordings import WordedArena


@dataclass(frozen=True, slots=True)
class DealRules:
    """There is one rule set."""


class DealOrNoDeal(WordedArena[Goods]):
    """Talk about how to divide items, then say in secret what you want of them."""

    name, version = "dond", 1
    RULES: ClassVar[Mapping[str, DealRules]] = {"v3.0": DealRules()}
    seats = SEATS
    max_turns = 202

    def warm_up(self) -> None:
        """Load the stemmers."""
        for language in LANGUAGES:
            stem("words", language)

    async def play(self, table: Table, goods: Goods, /) -> Outcome:
        """Pass messages on until both have made their proposals."""
        asks = {FIRST: self.opening(goods, FIRST), SECOND: ""}
        table.tell(SECOND, self.opening(goods, SECOND))
        proposals: dict[str, tuple[int, ...]] = {}
        seat, number = FIRST, 0  # the number of the round
        while len(proposals) < len(SEATS):
            due = bool(proposals) or number == goods.messages
            move = await table.ask(seat, asks[seat], parse=move_in(goods, due=due))
            if isinstance(move, tuple):
                proposals[seat] = move
                asks[other(seat)] = self.say(goods, "early")
            elif seat == FIRST:
                asks[SECOND] = move if move.strip() else self.say(goods, "silence")
            elif number == goods.messages - 1:
                asks[FIRST] = f"{move}\n\n\n{self.say(goods, 'timeout')}"
            elif move.strip():
                asks[FIRST] = move
            seat, number = other(seat), number + (seat == SECOND)
        return _divided(goods, Division.of(goods, proposals[FIRST], proposals[SECOND]))

    def opening(self, goods: Goods, seat: str) -> str:
        """Return what a seat is told first."""
        goal = {} if goods.texts else {"goal": self.say(goods, f"goal_{goods.mode}")}
        values = goods.priced(SEATS.index(seat))
        return self.say(goods, "opening", messages=goods.messages, items=goods.listed(), values=values, **goal)

    def metrics(self, transcript: Transcript[Goods], /) -> Mapping[str, float | None]:
        """Return the share of the highest sum of points, and whether the division could not have been better; of a game that
        was not aborted.
        """
        outcome, goods = transcript.outcome, transcript.instance
        if outcome is None or outcome.kind == "aborted":
            return {}
        division = division_of(transcript)
        lost, _ = loss(goods, division)
        together = sum(division.points) if division else 0
        return {"Sum of Points": together / most_together(goods), "Pareto Optimal": float(lost == 0)}

    def render(self, transcript: Transcript[Goods], /) -> Sequence[Piece]:
        """Return what is to be divided, and who wanted what."""
        made = [turn for turn in transcript.turns if isinstance(turn.move, list | tuple)]
        return [*tables(transcript.instance, [(turn.asked.turn, turn.seat, turn.move) for turn in made])]

    def rounds(self, transcript: Transcript[Goods], /) -> Sequence[Mapping[str, float | None]]:
        """Return the counts of requests of each round."""
        violated = [turn.rejected is not None and turn.rejected.violation for turn in transcript.turns]
        return round_requests(transcript, violated)


def proposals_of(transcript: Transcript[Goods]) -> dict[str, Sequence[int]]:
    """Return the proposals that were made, by seat."""
    return {turn.seat: turn.move for turn in transcript.turns if isinstance(turn.move, list | tuple)}


def division_of(transcript: Transcript[Goods]) -> Division | None:
    """Return the division; None where there is none."""
    made = proposals_of(transcript)
    return Division.of(transcript.instance, made[FIRST], made[SECOND]) if len(made) == len(SEATS) else None


def _divided(goods: Goods, division: Division | None) -> Outcome:
    quality = score(goods, division)
    if division is None:
        nothing = dict.fromkeys(SEATS, 0.0)
        return Outcome.scores(nothing, quality=quality, reason="not enough pieces for both", kind="failure")
    points = dict(zip(SEATS, map(float, division.points), strict=True))
    return Outcome.scores(points, quality=quality, reason="a deal")
