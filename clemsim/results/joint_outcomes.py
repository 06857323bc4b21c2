"""What two agents did with the same episodes, counted as a 2 x 2 table for each game.

Two agents of equal scores may have played and won the same episodes, or quite different ones; only the episodes in which
one did and the other did not bear on the difference between them (McNemar 1947). An episode of A and one of B belong
together when they are of the same instance and have the same number among its repetitions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from clemsim.game.outcomes import Outcome
from clemsim.results.repetitions import Repetitions

Event = Literal["played", "won"]

HAPPENED: dict[Event, Callable[[Outcome], bool]] = {
    "played": lambda outcome: outcome.kind != "aborted",
    "won": lambda outcome: outcome.kind == "success",
}


@dataclass(frozen=True, slots=True)
class JointOutcomes:
    """How many pairs of episodes both agents, only A, only B, or neither played to the end (`event` is then "played") or
    won ("won"); of one game, or of all (`game` is then "overall").
    """

    game: str
    event: Event
    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def pairs(self) -> int:
        """The number of pairs."""
        return self.both + self.only_a + self.only_b + self.neither


def joint_outcomes(first: Repetitions, second: Repetitions) -> tuple[JointOutcomes, ...]:
    """Return two rows, played and won, for each game in which both have finished the same episode, and for all together."""
    pairs = {game: _pairs(first, second, game) for game in sorted(first.keys() & second.keys())}
    known = {game: own for game, own in pairs.items() if own}
    everything = [pair for own in known.values() for pair in own]
    named = [*known.items(), *([("overall", everything)] if everything else [])]
    return tuple(_count(game, event, own) for game, own in named for event in HAPPENED)


def _pairs(first: Repetitions, second: Repetitions, game: str) -> list[tuple[Outcome, Outcome]]:
    return [
        (ours, theirs)
        for instance, runs in first[game].items()
        for repetition, ours in runs.items()
        if ours is not None and (theirs := second[game].get(instance, {}).get(repetition)) is not None
    ]


def _count(game: str, event: Event, pairs: list[tuple[Outcome, Outcome]]) -> JointOutcomes:
    happened = HAPPENED[event]
    seen = [(happened(ours), happened(theirs)) for ours, theirs in pairs]
    return JointOutcomes(
        game,
        event,
        both=seen.count((True, True)),
        only_a=seen.count((True, False)),
        only_b=seen.count((False, True)),
        neither=seen.count((False, False)),
    )
