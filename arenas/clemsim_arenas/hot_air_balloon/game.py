"""Hot air balloon: agree on what to keep, with hidden values and a limit by weight.

Both negotiators see the weights of the items and the limit; what an item is worth each knows only for itself. A message is
made of parts `TAG: {...}` and nothing else: PROPOSAL, REFUSE and AGREE with a Python set of items, ARGUMENT with text, and,
where the instance has `reasoning`, STRATEGIC REASONING at its beginning, once, which the other seat does not get. Tags are
case-sensitive, and there are those of English, German and Italian. A proposal stays open until the other seat refuses it.
Agreeing to an open proposal of the other seat ends the game with success; its score is what the set is worth
(`Cargo.worth`), 0 above the limit.

A faulty message is asked for again, with what is wrong: one that does not read, proposes what is no item, refuses or agrees
to what is not open, or agrees twice. Each seat may make two faults in the whole game (`patience`). The third ends it:
aborted where the message does not read, else lost. More than eight messages in a row without a proposal lose at once.

Kept, so that results can be compared with clembench's: a set within the reasoning or an argument counts (H1). A set over two
lines is taken for a part of the message, and does not count (H2). A message that agrees twice, and to nothing open, is two
faults, and then it is the other seat's turn, with that message (B1). The ninth message without a proposal loses even if it
agrees (B2). Refusing one proposal twice, or agreeing to what the same message refuses, loses at once (B3). Overweight
proposals are not refused. Faults that are asked again count as parsed requests.

Rulings: a mapping (`PROPOSAL: {}`), where clembench fails, is no set. A game of 200 turns is lost (B4; clembench has no such
limit). Sets are read up to 10,000 characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from clemsim import Invalid, Outcome, Parser, Piece, Table, Transcript
from clemsim_arenas.hot_air_balloon.cargo import Cargo
from clemsim_arenas.hot_air_balloon.message import TAGS, BalloonOffer, Names, offer_format, read_offer
from clemsim_arenas.hot_air_balloon.pieces import tables
from clemsim_arenas.negotiations.seats import FIRST, SEATS, SECOND, other, round_requests
from clemsim_arenas.wordings.wordings import WordedArena

TURNS = 200
EMPTY = "too many messages without a proposal"


@dataclass(frozen=True, slots=True)
class HotAirBalloonRules:
    """There is one rule set."""


@dataclass(slots=True)
class Negotiator:
    """What the game knows of a seat: its open proposals, how many faults it may still make, and its next ask."""

    open: list[Names] = field(default_factory=list)
    patience: int = 0
    ask: str = ""


class HotAirBalloon(WordedArena[Cargo]):
    """Agree with another negotiator on the items to keep, each of you with hidden values."""

    name, version = "hot_air_balloon", 1
    RULES: ClassVar[Mapping[str, HotAirBalloonRules]] = {"v3.0": HotAirBalloonRules()}
    seats = SEATS
    max_turns = TURNS + 50

    async def play(self, table: Table, cargo: Cargo, /) -> Outcome:
        """Pass messages from one to the other until they agree, or one of them has lost the game for both."""
        sides = {seat: Negotiator(patience=cargo.patience) for seat in SEATS}
        sides[FIRST].ask = self.opening(cargo, FIRST)
        table.tell(SECOND, self.opening(cargo, SECOND))
        seat, silent = FIRST, 0
        for _ in range(TURNS):
            own, partner = sides[seat], sides[other(seat)]
            offer = await self._message(table, cargo, seat, own, partner)
            partner.ask = offer.said
            if faults := _faults(cargo, offer, partner.open):
                if len(faults) > own.patience:
                    return Outcome.failure(faults[own.patience], blame=seat)
                own.patience -= len(faults)
                own.ask = self.say(cargo, _named(faults[-1]))
                seat = seat if len(faults) == 1 else other(seat)
                continue
            silent = 0 if offer.proposed else silent + 1
            if silent > cargo.silence:
                return Outcome.failure(EMPTY)
            own.open += offer.proposed
            for refused in offer.refused:
                if refused not in partner.open:
                    return Outcome.failure("one proposal is refused twice", blame=seat)
                partner.open.remove(refused)
            if offer.agreed:
                return _agreed(cargo, offer.agreed[0], partner.open, seat)
            seat = other(seat)
        return Outcome.failure(f"no deal in {TURNS} turns")

    async def _message(self, table: Table, cargo: Cargo, seat: str, own: Negotiator, partner: Negotiator) -> BalloonOffer:
        """Ask for a message that reads, as long as the seat has patience left."""
        tags = TAGS[cargo.language]

        def read(reply: str) -> BalloonOffer:
            try:
                return read_offer(reply, tags, reasoning=cargo.reasoning, arguing=cargo.arguing)
            except Invalid as problem:
                problem.violation = not own.patience
                raise

        def again(problem: Invalid, tries: int) -> str | None:
            if not own.patience:
                return None
            own.patience -= 1
            return self.say(cargo, _named(problem.reason))

        held_to = offer_format(tags, list(cargo.weights), partner.open, reasoning=cargo.reasoning)
        return await table.ask(seat, own.ask, parse=Parser(read, held_to), reask=again)

    def opening(self, cargo: Cargo, seat: str) -> str:
        """Return what a seat is told first."""
        number = SEATS.index(seat)
        if cargo.texts:
            return self.say(cargo, f"opening_{number + 1}")
        parts = {
            "reasoning_form": self.say(cargo, "reasoning_form") if cargo.reasoning else "",
            "reasoning_rule": self.say(cargo, "reasoning_rule") if cargo.reasoning else "",
            "argument_rule": self.say(cargo, "argument_rule") if cargo.arguing else "",
            "begin": self.say(cargo, f"begin_{number + 1}"),
        }
        listed = {"weights": _listed(cargo.weights), "values": _listed(cargo.values[number])}
        return self.say(cargo, "opening", limit=cargo.limit, **listed, **parts)

    def metrics(self, transcript: Transcript[Cargo], /) -> Mapping[str, float | None]:
        """Return what the deal is worth to each and to both, undefined without one, and the messages that aborted."""
        violated = _violated(transcript)
        by_seat = dict.fromkeys(SEATS, 0.0)
        for turn, fault in zip(transcript.turns, violated, strict=True):
            by_seat[turn.seat] += fault
        deal = deal_of(transcript)
        one, two, score = (None, None, None) if deal is None else transcript.instance.worth(deal)
        return {
            "Violations Player 1": by_seat[FIRST],
            "Violations Player 2": by_seat[SECOND],
            "Total Violations": float(sum(violated)),
            "Normalized Utility Player 1": one,
            "Normalized Utility Player 2": two,
            "Harmonic Mean Score": score,
            **({} if deal is None else {"Main Score": score}),
        }

    def render(self, transcript: Transcript[Cargo], /) -> Sequence[Piece]:
        """Return the items, and what was proposed, refused and agreed to."""
        acts = [
            (turn.asked.turn, turn.seat, verb, items)
            for turn in transcript.turns
            if turn.parsed is not None
            for verb in ("agreed", "refused", "proposed")
            for items in turn.move[verb]
        ]
        return [*tables(transcript.instance, acts, deal_of(transcript))]

    def rounds(self, transcript: Transcript[Cargo], /) -> Sequence[Mapping[str, float | None]]:
        """Return the counts of requests of each round."""
        return round_requests(transcript, _violated(transcript))


def deal_of(transcript: Transcript[Cargo]) -> Sequence[str] | None:
    """Return the set that was agreed on; None without a deal."""
    if transcript.outcome is None or transcript.outcome.kind != "success":
        return None
    deal: Sequence[str] = transcript.turns[-1].move["agreed"][0]
    return deal


def _faults(cargo: Cargo, offer: BalloonOffer, open_: Sequence[Names]) -> list[str]:
    """Return the names of what is wrong with a message that reads, two of them where an agreement is doubly so."""
    if any(not cargo.weights.keys() >= set(proposed) for proposed in offer.proposed):
        return ["no item"]
    if any(refused not in open_ for refused in offer.refused):
        return ["refused not open"]
    ambiguous = ["agreed twice"] if len(offer.agreed) > 1 else []
    return ambiguous + (["agreed not open"] if offer.agreed and offer.agreed[0] not in open_ else [])


def _named(fault: str) -> str:
    """Return the name of the text that is said of a fault."""
    return fault.replace(" ", "_")


def _agreed(cargo: Cargo, deal: Names, open_: Sequence[Names], seat: str) -> Outcome:
    if deal not in open_:
        return Outcome.failure("the agreement is to what the message refuses", blame=seat)
    one, two, score = cargo.worth(deal)
    return Outcome.scores({FIRST: one, SECOND: two}, quality=min(score or 0.0, 100.0), reason="a deal")


def _violated(transcript: Transcript[Cargo]) -> list[bool]:
    return [turn.rejected is not None and turn.rejected.violation for turn in transcript.turns]


def _listed(numbers: Mapping[str, int]) -> str:
    return "\n".join(f"- {item}: {number}" for item, number in numbers.items())
