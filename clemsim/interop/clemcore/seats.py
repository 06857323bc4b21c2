"""The seats of a game of clembench: `Player 1` sits at `player_1`."""

from __future__ import annotations


def seat_of(player: str) -> str:
    """Return the seat of a player of clembench."""
    return player.lower().replace(" ", "_")


def player_of(seat: str) -> str:
    """Return the player of clembench that sits there."""
    return seat.replace("_", " ").title()
