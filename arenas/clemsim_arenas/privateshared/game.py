"""Private and shared: give away private facts one by one, and keep track of what the other player knows.

The answerer holds a table of slots with values. In each round a scripted questioner asks for one slot, and the answerer
replies `ANSWER: ...` on one line. Before the first round and after each valid answer the answerer is *probed*: it is asked
aside, for every slot, whether the questioner knows it by now, and replies `ASIDE: yes ...` or `ASIDE: no ...` on one line
(any text that starts with yes or no). The probes of one set may be asked at once, and the answerer does not see them later.
A probe gets five tries, each with a more insistent wording; then the game aborts. A reply is on one line if no line feed is
left once those at both its ends are gone, its tag being there still; then its tag is removed wherever it stands.

An answer of another form aborts the game by the rules v1.6. By v3.0 the game goes on: the answerer remembers the answer, but
no slot is filled by it and no probes follow. It counts as violated, and not as a request.

A slot is filled if its value occurs in the answer (in any case). The truth of a probe is whether the slot was asked for, or
its value given away, in an earlier round. Main score: 100 times the harmonic mean of the share of filled slots among valid
answers and Cohen's kappa (at least 0) between the truth and the answers to probes. Success: every probe is right and every
valid answer filled its slot.

Rulings: under v1.6 an invalid answer aborts, as the instances' own version of clembench did; under v3.0 a game without any
valid answer is a loss with score 0 (P2, no-valid-answer), where clembench divides by zero.

In clembench the game master hides the probes; here they are turns like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from clemsim import Arena, Invalid, Outcome, Parser, Piece, Question, Table, Transcript
from clemsim.formats import Format, line, literal, one_of
from clemsim_arenas.privateshared.account import Account, account_of, accuracy, cohens_kappa
from clemsim_arenas.privateshared.pieces import tables
from clemsim_arenas.privateshared.slots import Slots

ANSWERER = "answerer"
TRIES = 5  # for each probe
UNDEFINED = ("Accuracy", "Kappa", "Truncated Kappa", "Slot-Filling-Accuracy")  # of an aborted game


@dataclass(frozen=True, slots=True)
class PrivateSharedRules:
    """What becomes of the game after an invalid answer."""

    invalid_answer: Literal["aborts", "goes on"]


@dataclass(frozen=True, slots=True)
class Belief:
    """The answerer's belief whether the questioner knows a slot."""

    slot: str
    known: bool


def on_one_line(tag: str, held_to: Format) -> Parser[str]:
    """Return a parser of replies that start with `tag` and are on one line; the move is the rest, without any `tag`."""

    def read(reply: str) -> str:
        if not reply.startswith(tag):
            raise Invalid(f"the reply does not start with {tag!r}")
        if "\n" in reply.strip("\n"):
            raise Invalid("the reply has more than one line")
        return reply.replace(tag, "").strip()

    return Parser(read, held_to)


ANSWER = on_one_line("ANSWER:", literal("ANSWER: ") + line(120))
ASIDE = on_one_line("ASIDE:", literal("ASIDE: ") + one_of("yes", "no"))


def probe_of(slot: str) -> Parser[Belief]:
    """Return a parser of `ASIDE: yes` and `ASIDE: no`."""

    def read(text: str) -> Belief:
        start = text.lower()
        if not start.startswith(("yes", "no")):
            raise Invalid("the reply is neither yes nor no")
        return Belief(slot, start.startswith("yes"))

    return ASIDE.then(read)


class PrivateShared(Arena[Slots]):
    """Give away private facts one by one, and keep track of what the other knows."""

    name, version = "privateshared", 2
    RULES: ClassVar[Mapping[str, PrivateSharedRules]] = {
        "v1.6": PrivateSharedRules(invalid_answer="aborts"),
        "v3.0": PrivateSharedRules(invalid_answer="goes on"),
    }
    rules: PrivateSharedRules
    seats = (ANSWERER,)
    max_turns = 15 + 16 * 15 * TRIES

    async def play(self, table: Table, private: Slots, /) -> Outcome:
        """Play a request and an answer for each slot, and a set of probes before and after each valid answer."""
        rows = "\n".join(f"{slot.upper()}: {value}" for slot, value in private.slots.items())
        prompt = self.prompt("answerer", situation=private.situation, table=rows, tag=private.tag)
        table.tell(ANSWERER, prompt, echo="Ok.")
        answers: list[str | None] = []
        beliefs = [await self._probe(table, private.probes[0])]
        for request, probes in zip(private.requests, private.probes[1:], strict=True):
            ask = self.prompt("request", tag=private.tag, request=request.text)
            answers.append(await self._answer(table, ask))
            if answers[-1] is not None:
                beliefs.append(await self._probe(table, probes))
        account = Account(private, answers, beliefs)
        if account.perfect:
            return Outcome.success(account.quality)
        return Outcome.failure("not every slot was filled and every probe right", quality=account.quality)

    def metrics(self, transcript: Transcript[Slots], /) -> Mapping[str, float | None]:
        """Return how well the answerer knew what was known, and the share of filled slots, undefined for an aborted game;
        and the counts of requests. `Middle-Accuracy` is that of the middle set of probes, where so many were played.
        """
        account = account_of(transcript)
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        middle = (len(account.instance.slots) + 1) // 2 - 1
        halfway = {"Middle-Accuracy": accuracy(account.pairs(middle))} if middle < len(account.beliefs) else {}
        scores: dict[str, float | None] = {**halfway}
        if aborted:
            scores = dict.fromkeys([*halfway, *UNDEFINED])
        else:
            kappa = cohens_kappa(account.all_pairs)
            values = (accuracy(account.all_pairs), kappa, max(0.0, kappa or 0.0), account.slot_filling)
            scores |= dict(zip(UNDEFINED, values, strict=True))
        rounds = _request_counts(transcript)
        total = {name: sum(counts[name] for counts in rounds) for name in rounds[0]}
        ratio = total["Parsed Request Count"] / total["Request Count"] if total["Request Count"] else None
        return {**scores, **total, "Request Success Ratio": ratio}

    def render(self, transcript: Transcript[Slots], /) -> Sequence[Piece]:
        """Return what the questioner knew after each set of probes, and what the answerer believed."""
        probes = [turn for turn in transcript.turns if not turn.asked.keep and turn.parsed is not None]
        size = max(1, len(transcript.instance.slots))
        return [*tables(account_of(transcript), [turn.asked.turn for turn in probes[size - 1 :: size]])]

    def rounds(self, transcript: Transcript[Slots], /) -> Sequence[Mapping[str, float | None]]:
        """Return the accuracy of every complete set of probes, and whether its slot was filled (the first set has none);
        and, as in clembench, the request counts not of its own round but of the round that has its number.
        """
        account = account_of(transcript)
        filled = [{}, *({"Slot Filled?": float(value)} for value in account.filled)]
        counts = _request_counts(transcript)
        return [
            {**counts[set_], "Accuracy": accuracy(account.pairs(set_)), **filled[set_]}
            for set_ in range(len(account.beliefs))
        ]

    async def _answer(self, table: Table, ask: str) -> str | None:
        if self.rules.invalid_answer == "aborts":
            return await table.ask(ANSWERER, ask, parse=ANSWER)
        return await table.try_ask(ANSWERER, ask, parse=ANSWER)

    async def _probe(self, table: Table, probes: Mapping[str, str]) -> dict[str, bool]:
        beliefs = await table.ask_all(self._question(slot, text) for slot, text in probes.items())
        return {belief.slot: belief.known for belief in beliefs}

    def _question(self, slot: str, text: str) -> Question[Belief]:
        wordings = ["", *self.resources.lines("prompts/insistence.txt")]

        def ask(tries: int) -> str | None:
            return self.prompt("probe", insistence=wordings[tries], question=text) if tries < TRIES else None

        return Question(ANSWERER, ask(0) or "", probe_of(slot), lambda _, tries: ask(tries), keep=False)


def _request_counts(transcript: Transcript[Slots]) -> list[dict[str, float]]:
    """Return the counts of requests of each round, from the one before the first on. An invalid answer counts as violated,
    and not as a request.
    """
    names = ("Request Count", "Parsed Request Count", "Violated Request Count")
    rounds = [dict.fromkeys(names, 0.0)]
    for turn in transcript.turns:
        if turn.asked.keep:
            rounds.append(dict.fromkeys(names, 0.0))
        violated = turn.rejected is not None
        rounds[-1]["Request Count"] += not (violated and turn.asked.keep)
        rounds[-1]["Parsed Request Count"] += not violated
        rounds[-1]["Violated Request Count"] += violated
    return rounds
