"""The two seats of a negotiation, and its rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clemsim import Transcript
from clemsim.game.metrics import requests

FIRST, SECOND = SEATS = ("first", "second")


def other(seat: str) -> str:
    """Return the seat across the table."""
    return SECOND if seat == FIRST else FIRST


def round_requests(transcript: Transcript[Any], violated: Sequence[bool]) -> list[dict[str, float | None]]:
    """Return the counts of requests of each round, which begins with each turn of the first seat; `violated`: of each turn,
    whether its reply counts as violated.
    """
    rounds: list[list[bool]] = []
    for turn, fault in zip(transcript.turns, violated, strict=True):
        if turn.seat == FIRST or not rounds:
            rounds.append([])
        rounds[-1].append(fault)
    return [requests(len(faults), sum(faults)) for faults in rounds]
