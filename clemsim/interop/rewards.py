"""What a seat has earned in an episode, as those who train models are told."""

from __future__ import annotations

from clemsim.game.outcomes import Outcome

FORFEIT = -1.0  # what a seat gets that breaks the rules of form, unless another value is given
PERFECT = 100.0


def seat_reward(outcome: Outcome, seat: str, forfeit: float = FORFEIT) -> float:
    """Return the score of the seat where the game has one, or else Quality / 100, which all seats share; of an aborted
    episode, `forfeit` for the seat to blame and 0 for the others.
    """
    if outcome.kind == "aborted":
        return forfeit if seat == outcome.blame else 0.0
    if outcome.by_seat is not None:
        return float(outcome.by_seat.get(seat, 0.0))
    return (outcome.quality or 0.0) / PERFECT
