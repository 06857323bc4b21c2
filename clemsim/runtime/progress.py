"""Running totals of a scheduler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """Running totals, read by displays. `seconds` counts the playing, over all sessions in this process."""

    episodes: int = 0  # all that are to be played
    started: int = 0  # under way
    done: int = 0
    unfinished: int = 0
    turns: int = 0
    requests: int = 0
    retries: int = 0
    failed_retries: int = 0  # of them, those of turns that were never answered
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost: float = 0.0  # of the tokens, by the agents' prices
    dearest: float = 0.0  # the greatest price of a turn
    in_flight: int = 0  # turns
    peak_in_flight: int = 0
    seconds: float = 0.0
    waiting: tuple[str, ...] = ()  # the servers that are waited for, a line each
    notices: tuple[str, ...] = ()  # what servers have refused, one line each
