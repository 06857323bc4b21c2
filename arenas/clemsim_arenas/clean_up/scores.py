"""The scores of clean_up by clembench's names, made from a transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from clemsim import Transcript
from clemsim.game.metrics import requests
from clemsim_arenas.clean_up.room import Cell, Room, distance
from clemsim_arenas.negotiations.seats import SEATS, SECOND


@dataclass(frozen=True, slots=True)
class CleanUpAccount:
    """What happened in a game: the moves in order (seat, object), where the objects of each seat lie at its end, the number
    of complete rounds, of replies without a command and of moves that could not be made.
    """

    room: Room
    moves: Sequence[tuple[str, str]]
    ends: Mapping[str, Mapping[str, Cell]]
    rounds: int
    errors: int
    illegal: int

    @property
    def penalties(self) -> int:
        """How many penalties there were."""
        return self.errors + self.illegal


def account_of(transcript: Transcript[Room]) -> CleanUpAccount:
    """Return the account of a game, made from its turns."""
    room = transcript.instance
    ends = {seat: dict(own) for seat, own in zip(SEATS, room.objects, strict=True)}
    moves: list[tuple[str, str]] = []
    valid = [turn for turn in transcript.turns if turn.parsed is not None]
    for turn in valid:
        if (letter := turn.move.get("letter")) is not None:
            moves.append((turn.seat, letter))
            ends[turn.seat][letter] = int(turn.move["column"]), int(turn.move["row"])
    refused = [turn.rejected.violation for turn in transcript.turns if turn.rejected is not None]
    rounds = sum(turn.seat == SECOND for turn in valid)
    return CleanUpAccount(room, moves, ends, rounds, sum(refused), len(refused) - sum(refused))


def episode_scores(transcript: Transcript[Room], errors_each: int) -> dict[str, float | None]:
    """Return the scores of a game but the main one. `errors_each`: how many parse errors a reply without a command is."""
    account = account_of(transcript)
    room, count = account.room, len(account.room.objects[0])
    shifts = sum(one != two for (_, one), (_, two) in pairwise(account.moves))
    ends = [account.ends[seat] for seat in SEATS]
    consistency = {"Consistency Score": 1 - (shifts - (count - 1)) / count} if shifts >= count - 1 else {}
    return {
        "Shifts": float(shifts),
        "Min Shifts": float(count - 1),
        "Max Shifts": float(2 * (count - 1)),
        "Object Count": float(count),
        "Rounds": float(account.rounds),
        "Max Rounds": float(room.rounds),
        "Penalties": float(account.penalties),
        "Max Penalties": float(room.penalties),
        "Valid Moves": float(len(account.moves)),
        "Invalid Moves": float(account.illegal),
        "Parse Errors": float(account.errors * errors_each),
        "Init Distance Sum": distance(*room.objects),
        "End Distance Sum": distance(*ends),
        "Expected Distance Sum": room.expected_distance,
        "Distance Score": distance_score(room, *ends),
        "Penalty Score": penalty_score(room, account.penalties),
        **consistency,
        "Coverage Score": _coverage(account),
    }


def distance_score(room: Room, one: Mapping[str, Cell], two: Mapping[str, Cell]) -> float:
    """Return how close the objects lie: 1 where all lie together, 0 where they are farther apart than by chance; the mean of
    what is better than chance and better than at the start.
    """
    end, expected = distance(one, two), room.expected_distance
    if end > expected:
        return 0.0
    return (max(0.0, 1 - end / expected) + max(0.0, 1 - end / distance(*room.objects))) / 2


def penalty_score(room: Room, penalties: int) -> float | None:
    """Return 1 without penalties and 0.5 with as many as are allowed; undefined with twice as many."""
    share = penalties / room.penalties
    return None if share == 2 else 1 / (share - 2) + 1.5


def main_score(scores: Mapping[str, float | None]) -> float | None:
    """Return the main score of a game that came to its end; it leaves 0..100 with more penalties than are allowed."""
    distances, penalties = scores["Distance Score"], scores["Penalty Score"]
    return None if distances is None or penalties is None else distances * penalties * 100


def quality_of(room: Room, one: Mapping[str, Cell], two: Mapping[str, Cell], penalties: int) -> float:
    """Return the main score as a quality from 0 to 100."""
    score = distance_score(room, one, two) * (penalty_score(room, penalties) or 0.0) * 100
    return min(max(score, 0.0), 100.0)


def round_scores(transcript: Transcript[Room]) -> list[dict[str, float | None]]:
    """Return the counts of requests of each round; what is asked again belongs to its round."""
    rounds: list[list[bool]] = [[]]
    for number, turn in enumerate(transcript.turns):
        rounds[-1].append(turn.rejected is not None and turn.rejected.violation)
        if turn.seat == SECOND and turn.parsed is not None and number < len(transcript.turns) - 1:
            rounds.append([])
    return [requests(len(faults), sum(faults)) for faults in rounds]


def _coverage(account: CleanUpAccount) -> float:
    """Return the product over both seats of the share of objects that it moved, each with one more on both sides."""
    count, product = len(account.room.objects[0]), 1.0
    for seat in SEATS:
        product *= (len({letter for mover, letter in account.moves if mover == seat}) + 1) / (count + 1)
    return product


def state_of(objects: Mapping[str, Cell]) -> list[dict[str, Any]]:
    """Return where objects lie as clembench writes it."""
    return [{"id": letter, "coord": list(cell)} for letter, cell in objects.items()]
