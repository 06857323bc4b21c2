"""The account of a game of privateshared: what was answered and believed, and the scores made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clemsim import Transcript
from clemsim_arenas.privateshared.slots import Slots


@dataclass(frozen=True, slots=True)
class Account:
    """A game so far: the answer of each round, None where it was invalid, and what was believed in each set of probes that
    was played to its end. A set is played before the first round and after each valid answer.
    """

    instance: Slots
    answers: Sequence[str | None]
    beliefs: Sequence[Mapping[str, bool]]

    @property
    def filled(self) -> list[bool]:
        """Whether the answer holds the value that was asked for, of each valid answer."""
        asked = zip(self.instance.requests, self.answers, strict=False)
        return [_holds(text, self.instance.slots[request.slot]) for request, text in asked if text is not None]

    @property
    def played_after(self) -> list[int]:
        """The round after which each set of probes was played."""
        return [0, *(number for number, answer in enumerate(self.answers, 1) if answer is not None)]

    def known(self, round_: int) -> set[str]:
        """Return the slots that the questioner knows after `round_` rounds: those it has asked for, whether or not the
        answer was valid, and those whose values a valid answer gave away.
        """
        asked = {request.slot for request in self.instance.requests[:round_]}
        answers = [answer for answer in self.answers[:round_] if answer is not None]
        return asked | {
            slot for slot, value in self.instance.slots.items() if any(_holds(answer, value) for answer in answers)
        }

    def pairs(self, set_: int) -> list[tuple[bool, bool]]:
        """Return truth and belief of every slot in a set of probes, by its number from 0."""
        known = self.known(self.played_after[set_])
        return [(slot in known, believed) for slot, believed in self.beliefs[set_].items()]

    @property
    def all_pairs(self) -> list[tuple[bool, bool]]:
        """Truth and belief over all sets."""
        return [pair for set_ in range(len(self.beliefs)) for pair in self.pairs(set_)]

    @property
    def slot_filling(self) -> float:
        """The share of valid answers that filled their slots; 0 where there is none."""
        return sum(self.filled) / len(self.filled) if self.filled else 0.0

    @property
    def quality(self) -> float:
        """The main score."""
        filled, kappa = self.slot_filling, max(0.0, cohens_kappa(self.all_pairs) or 0.0)
        return 100 * 2 * filled * kappa / (filled + kappa) if filled + kappa else 0.0

    @property
    def perfect(self) -> bool:
        """Whether every valid answer, of which there is one at least, filled its slot, and every belief was true."""
        return self.slot_filling == 1 and accuracy(self.all_pairs) == 1


def account_of(transcript: Transcript[Slots]) -> Account:
    """Return the account of a game, made from its events."""
    answers: list[str | None] = []
    sets: list[dict[str, bool]] = [{}]
    for turn in transcript.turns:
        if not turn.asked.keep:
            if turn.parsed is not None:
                sets[-1][turn.move["slot"]] = turn.move["known"]
            continue
        answers.append(None if turn.parsed is None else turn.move)
        if answers[-1] is not None:
            sets.append({})
    order = list(transcript.instance.slots)
    played = [beliefs for beliefs in sets if len(beliefs) == len(order)]  # the last one may be cut short
    return Account(transcript.instance, answers, [{slot: beliefs[slot] for slot in order} for beliefs in played])


def accuracy(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Return the share of beliefs that are true."""
    return sum(true == believed for true, believed in pairs) / len(pairs)


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Return the agreement beyond chance (Cohen 1960): (observed - expected) / (1 - expected).

    It is None, undefined, where truth and beliefs are all alike.
    """
    count = len(pairs)
    true = sum(first for first, _ in pairs) / count
    believed = sum(second for _, second in pairs) / count
    expected = true * believed + (1 - true) * (1 - believed)
    return (accuracy(pairs) - expected) / (1 - expected) if expected < 1 else None


def _holds(answer: str, value: str) -> bool:
    return value.lower() in answer.lower()
