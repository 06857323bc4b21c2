"""The trace of a recorded run: when each conversation began, and how long the player took before each of its turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from clemsim.catalog.agents import check_cast
from clemsim.errors import UsageError
from clemsim.game.instances import EpisodeKey
from clemsim.runs.prepare import recorded_arenas
from clemsim.runtime.agent import Cast
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.stress.plan.mix import PlannedConversation


@dataclass(frozen=True, slots=True)
class TracedConversation:
    """A conversation of a recorded run, to be played anew. Times in seconds.

    It began `at` this time after the run's first request; `thinks` are the gaps between each answer and the next request.
    """

    at: float
    planned: PlannedConversation
    thinks: Sequence[float]
    turns: int  # that were recorded


def read_trace(folder: Path, cast: Cast, seed: int, *, trust: bool = False) -> list[TracedConversation]:
    """Read the conversations of a run in the order in which they began. Raise StoreError or UsageError."""
    arenas = recorded_arenas(folder, trust=trust)
    for arena in arenas.values():
        check_cast(arena, cast)
    trace: list[tuple[float, PlannedConversation, list[float]]] = []
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            times = [(request["started"], request["seconds"]) for request in reader.requests(base, row.id).values()]
            turns = sorted((started, started + seconds) for started, seconds in times if started is not None)
            if not turns:
                continue
            thinks = [max(0.0, started - ended) for (_, ended), (started, _) in pairwise(turns)]
            arena = row.of(arenas)
            key = EpisodeKey(row.key.arena, row.key.instance, row.key.repetition, cast.name)
            trace.append((turns[0][0], PlannedConversation(arena, arena.load(row.data), key, seed, cast), thinks))
    if not trace:
        raise UsageError(f"{folder} made no requests: there is no timing to replay")
    begun = min(started for started, _, _ in trace)
    conversations = [
        TracedConversation(started - begun, planned, thinks, len(thinks) + 1) for started, planned, thinks in trace
    ]
    return sorted(conversations, key=lambda conversation: conversation.at)
