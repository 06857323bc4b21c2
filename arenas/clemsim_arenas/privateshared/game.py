"""Private and shared: give away private facts one by one, and keep track of what the other player knows.

The answerer holds a table of slots with values. In each round a scripted questioner asks for one slot, and the answerer
replies `ANSWER: ...` on one line. Before the first round and after each answer the answerer is *probed*: it is asked aside,
for every slot, whether the questioner knows it by now, and replies `ASIDE: yes ...` or `ASIDE: no ...` on one line (any
text that starts with yes or no). The probes of one set may be asked at once, and the answerer does not see them later. An
answer of another form aborts the game. A probe gets five tries, each with a more insistent wording; then the game aborts.

A slot is filled if its value occurs in the answer (in any case). The truth of a probe is whether the slot was asked for, or
its value given away, in an earlier round. Main score: 100 times the harmonic mean of the share of filled slots and Cohen's
kappa (at least 0) between the truth and the answers to probes. Success: every probe is right and every slot filled.

In clembench the game master hides the probes; here they are turns like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Question, Table, Transcript, tagged
from clemsim.formats import line, literal, one_of

ANSWERER = "answerer"
TRIES = 5  # for each probe


class SlotRequest(BaseModel):
    """The questioner's text that asks for a slot."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    slot: str
    text: str


class Slots(Instance):
    """The private table, the questioner's requests in their order, and the sets of probes (slot: question): one for before
    the first round, and one for after each.
    """

    tag: str
    situation: str
    slots: dict[str, str]
    requests: tuple[SlotRequest, ...]
    probes: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Belief:
    """The answerer's belief whether the questioner knows a slot."""

    slot: str
    known: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A game so far: the answers by round, and the beliefs by set of probes."""

    instance: Slots
    answers: Sequence[str]
    beliefs: Sequence[Mapping[str, bool]]

    @property
    def filled(self) -> list[bool]:
        """Whether the answer holds the value that was asked for, by round."""
        asked = zip(self.instance.requests, self.answers, strict=False)
        return [_holds(answer, self.instance.slots[request.slot]) for request, answer in asked]

    def known(self, round_: int) -> set[str]:
        """Return the slots that the questioner knows after `round_` rounds."""
        asked = {request.slot for request in self.instance.requests[:round_]}
        given = {
            slot
            for slot, value in self.instance.slots.items()
            if any(_holds(answer, value) for answer in self.answers[:round_])
        }
        return asked | given

    def pairs(self, round_: int) -> list[tuple[bool, bool]]:
        """Return truth and belief of every slot in a set of probes."""
        known = self.known(round_)
        return [(slot in known, believed) for slot, believed in self.beliefs[round_].items()]

    @property
    def all_pairs(self) -> list[tuple[bool, bool]]:
        """Truth and belief over all sets."""
        return [pair for round_ in range(len(self.beliefs)) for pair in self.pairs(round_)]

    @property
    def slot_filling(self) -> float:
        """The share of slots that were filled."""
        return sum(self.filled) / len(self.filled)

    @property
    def quality(self) -> float:
        """The main score."""
        filled, kappa = self.slot_filling, max(0.0, cohens_kappa(self.all_pairs))
        return 100 * 2 * filled * kappa / (filled + kappa) if filled + kappa else 0.0


ANSWER = tagged("ANSWER:", literal("ANSWER: ") + line(120))


def one_line(answer: str) -> str:
    """Return the answer if it is on one line. Raises Invalid."""
    if "\n" in answer:
        raise Invalid("the reply has more than one line")
    return answer


def probe_of(slot: str) -> Parser[Belief]:
    """Return a parser of `ASIDE: yes` and `ASIDE: no`."""

    def read(reply: str) -> Belief:
        start = one_line(reply).lower()
        if not start.startswith(("yes", "no")):
            raise Invalid("the reply is neither yes nor no")
        return Belief(slot, start.startswith("yes"))

    return tagged("ASIDE:", literal("ASIDE: ") + one_of("yes", "no")).then(read)


class PrivateShared(Arena[Slots]):
    """Give away private facts one by one, and keep track of what the other knows."""

    name, version = "privateshared", 1
    seats = (ANSWERER,)
    max_turns = 15 + 16 * 15 * TRIES

    async def play(self, table: Table, private: Slots, /) -> Outcome:
        """Play a request, an answer and a set of probes for each slot."""
        rows = "\n".join(f"{slot.upper()}: {value}" for slot, value in private.slots.items())
        prompt = self.prompt("answerer", situation=private.situation, table=rows, tag=private.tag)
        table.tell(ANSWERER, prompt, echo="Ok.")
        answers: list[str] = []
        beliefs = [await self._probe(table, private.probes[0])]
        for request, probes in zip(private.requests, private.probes[1:], strict=True):
            ask = self.prompt("request", tag=private.tag, request=request.text)
            answers.append(await table.ask(ANSWERER, ask, parse=ANSWER.then(one_line)))
            beliefs.append(await self._probe(table, probes))
        account = Account(private, answers, beliefs)
        if all(account.filled) and all(true == believed for true, believed in account.all_pairs):
            return Outcome.success(account.quality)
        return Outcome.failure("not every slot was filled and every probe right", quality=account.quality)

    def metrics(self, transcript: Transcript[Slots], /) -> Mapping[str, float | None]:
        """Return how well the answerer knew what was known, and the share of filled slots; undefined for an aborted game."""
        if transcript.outcome is None or transcript.outcome.kind == "aborted":
            return dict.fromkeys(("Middle-Accuracy", "Accuracy", "Kappa", "Truncated Kappa", "Slot-Filling-Accuracy"), None)
        account = account_of(transcript)
        kappa = cohens_kappa(account.all_pairs)
        return {
            "Middle-Accuracy": accuracy(account.pairs(len(account.answers) // 2)),
            "Accuracy": accuracy(account.all_pairs),
            "Kappa": kappa,
            "Truncated Kappa": max(0.0, kappa),
            "Slot-Filling-Accuracy": account.slot_filling,
        }

    def rounds(self, transcript: Transcript[Slots], /) -> Sequence[Mapping[str, float | None]]:
        """Return the accuracy of every complete set of probes, and whether its slot was filled (the first set has none)."""
        account = account_of(transcript)
        filled = [{}, *({"Slot Filled?": float(value)} for value in account.filled)]
        complete = [round_ for round_, set_ in enumerate(account.beliefs) if len(set_) == len(account.instance.slots)]
        return [{"Accuracy": accuracy(account.pairs(round_)), **filled[round_]} for round_ in complete]

    async def _probe(self, table: Table, probes: Mapping[str, str]) -> dict[str, bool]:
        beliefs = await table.ask_all(self._question(slot, text) for slot, text in probes.items())
        return {belief.slot: belief.known for belief in beliefs}

    def _question(self, slot: str, text: str) -> Question[Belief]:
        wordings = ["", *self.resources.lines("prompts/insistence.txt")]

        def ask(tries: int) -> str | None:
            return self.prompt("probe", insistence=wordings[tries], question=text) if tries < TRIES else None

        return Question(ANSWERER, ask(0) or "", probe_of(slot), lambda _, tries: ask(tries), keep=False)


def account_of(transcript: Transcript[Slots]) -> Account:
    """Return the account of a game, made from its events."""
    return Account(transcript.instance, [*_answers(transcript)], _beliefs(transcript))


def _answers(transcript: Transcript[Slots]) -> Iterator[str]:
    return (turn.move for turn in transcript.turns if turn.asked.keep and turn.parsed is not None)


def _beliefs(transcript: Transcript[Slots]) -> list[dict[str, bool]]:
    sets: list[dict[str, bool]] = [{}]
    for turn in transcript.turns:
        if turn.asked.keep:
            sets.append({})
        elif turn.parsed is not None:
            sets[-1][turn.move["slot"]] = turn.move["known"]
    order = list(transcript.instance.slots)  # a probe that was asked again was answered last
    return [{slot: beliefs[slot] for slot in order if slot in beliefs} for beliefs in sets]


def accuracy(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Return the share of beliefs that are true."""
    return sum(true == believed for true, believed in pairs) / len(pairs)


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Return the agreement beyond chance (Cohen 1960): (observed - expected) / (1 - expected); 0 where it is undefined."""
    count = len(pairs)
    true = sum(first for first, _ in pairs) / count
    believed = sum(second for _, second in pairs) / count
    expected = true * believed + (1 - true) * (1 - believed)
    return (accuracy(pairs) - expected) / (1 - expected) if expected < 1 else 0.0


def _holds(answer: str, value: str) -> bool:
    return value.lower() in answer.lower()
