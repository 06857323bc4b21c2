"""A negotiation with a judge: two parties share three goods, a judge at temperature 0 says who was fairer.

clemsim run --arena examples/cookbook/negotiation.py:Negotiation --agent random --agent judge=local --constrain
"""

import re
from collections.abc import Mapping
from itertools import product
from typing import ClassVar

from clemsim import Arena, Instance, Invalid, Outcome, Parser, SeatSampling, Table, Transcript, tagged
from clemsim.formats import literal, one_of

PARTIES, ROUNDS = ("buyer", "seller"), 6
GOODS = ("books", "hats", "balls")
RULES = """You are the {party}. Share with the other party: {goods}. To you one of each is worth {values} points.
Reply to propose what YOU get of each, OFFER: <books> <hats> <balls>, or to take the other's offer, ACCEPT"""

Share = tuple[int, ...]  # of each of the goods


class Deal(Instance):
    """How many of each good there are, at most three, and what one is worth to each party."""

    goods: Share
    values: Mapping[str, Share]


def offer(goods: Share) -> Parser[Share | None]:
    """Read an offer, what the party wants of each good, or None to accept."""

    def read(reply: str) -> Share | None:
        if reply == "ACCEPT":
            return None
        match = re.fullmatch(r"OFFER: (\d) (\d) (\d)", reply)
        if match is None:
            raise Invalid("the reply is neither OFFER: with three numbers nor ACCEPT")
        wanted = tuple(map(int, match.groups()))
        if any(want > there for want, there in zip(wanted, goods, strict=True)):
            raise Invalid("that is more than there is", violation=False)
        return wanted

    offers = (" ".join(map(str, wanted)) for wanted in product(*(range(count + 1) for count in goods)))
    return Parser(read, one_of("ACCEPT", *(f"OFFER: {wanted}" for wanted in offers)))


def again(problem: Invalid, tries: int) -> str | None:
    """Ask once more."""
    return f"Not valid: {problem.reason}. Try again." if tries < 2 else None


class Negotiation(Arena[Deal]):
    """Each party has its points; quality is what both have got of all that was possible."""

    name, version = "negotiation", 1
    seats = (*PARTIES, "judge")
    sampling: ClassVar = {"judge": SeatSampling(temperature=0, max_tokens=20)}
    shown = ("Agreed", "Offers")

    async def play(self, table: Table, deal: Deal, /) -> Outcome:
        """Offers in turn; the judge is asked at the end and scores nothing for itself."""
        there = ", ".join(f"{count} {good}" for count, good in zip(deal.goods, GOODS, strict=True))
        for party in PARTIES:
            table.system(party, RULES.format(party=party, goods=there, values=", ".join(map(str, deal.values[party]))))
        offers, ask = list[tuple[str, Share]](), "Make the first offer."
        for number in range(ROUNDS):
            party = PARTIES[number % 2]
            table.forget(party, keep=3)
            wanted = await table.ask(party, ask, parse=offer(deal.goods), reask=again)
            if wanted is None and offers:
                return await self._agreed(table, deal, *offers[-1])
            offers.append((party, wanted or (0,) * len(GOODS)))
            ask = f"The {party} wants {' '.join(map(str, offers[-1][1]))}. Your reply?"
        return Outcome.scores(dict.fromkeys(PARTIES, 0.0), quality=0.0, reason="no agreement", kind="failure")

    async def _agreed(self, table: Table, deal: Deal, party: str, wanted: Share) -> Outcome:
        other = PARTIES[1 - PARTIES.index(party)]
        shares = {party: wanted, other: tuple(all_ - own for all_, own in zip(deal.goods, wanted, strict=True))}
        scores = {seat: float(_worth(shares[seat], deal.values[seat])) for seat in PARTIES}
        talk = f"The {party} got {wanted} of {deal.goods}. Who was fairer? Reply: FAIRER: buyer, or FAIRER: seller"
        fairer = tagged("FAIRER:", literal("FAIRER: ") + one_of(*PARTIES))
        verdict = await table.try_ask("judge", talk, parse=fairer)
        table.note("fairer", verdict)
        best = sum(count * max(values) for count, *values in zip(deal.goods, *deal.values.values(), strict=True))
        return Outcome.scores(scores, quality=100 * sum(scores.values()) / best, reason="agreed")

    def metrics(self, transcript: Transcript[Deal], /) -> Mapping[str, float | None]:
        """Whether they agreed, and after how many offers."""
        outcome = transcript.outcome
        offers = sum(len(transcript.moves(party)) for party in PARTIES)
        agreed = None if outcome is None or outcome.kind == "aborted" else float(outcome.kind == "success")
        return {"Agreed": agreed, "Offers": float(offers)}

    def instances(self) -> list[Deal]:
        """The parties want different things."""
        values = [((1, 2, 3), (3, 2, 1)), ((0, 4, 1), (2, 1, 2)), ((2, 0, 3), (1, 3, 1)), ((1, 1, 4), (2, 2, 0))]
        goods = [(3, 2, 1), (1, 2, 2), (2, 2, 2)]
        return [
            Deal(id=number, goods=goods[number % 3], values=dict(zip(PARTIES, values[number % 4], strict=True)))
            for number in range(12)
        ]


def _worth(share: Share, values: Share) -> int:
    return sum(count * value for count, value in zip(share, values, strict=True))
