"""The timing of a recorded run: when each conversation began, and how long each of its turns waited for the player."""

from __future__ import annotations

from pathlib import Path

from clemsim.catalog.agents import check_cast
from clemsim.errors import UsageError
from clemsim.game.instances import EpisodeKey
from clemsim.runs.prepare import prepare_arenas
from clemsim.runtime.agent import Cast
from clemsim.store import reader
from clemsim.store.folder import STORE, read_config
from clemsim.stress.plan.mix import Item

ReplayedTurn = tuple[float, Item, list[float]]


def recorded(folder: Path, cast: Cast, seed: int) -> list[ReplayedTurn]:
    """For each episode of a run, in order: seconds from the run's first request to its own, the same game to be played
    anew, and the seconds between each answer and the next request. Raises StoreError and UsageError.
    """
    arenas = prepare_arenas(read_config(folder))
    for arena in arenas.values():
        check_cast(arena, cast)
    found: list[ReplayedTurn] = []
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            turns = [each for each in reader.requests(base, row.id).values() if each["started"] is not None]
            if not turns:
                continue
            turns.sort(key=lambda each: each["started"])
            ends = [each["started"] + each["seconds"] for each in turns]
            thinks = [max(0.0, each["started"] - end) for end, each in zip(ends, turns[1:], strict=False)]
            arena = arenas[row.key.arena]
            key = EpisodeKey(row.key.arena, row.key.instance, row.key.repetition, cast.name)
            found.append((turns[0]["started"], Item(arena, arena.load(row.data), key, seed), thinks))
    if not found:
        raise UsageError(f"{folder} made no requests: there is no timing to replay")
    begun = min(at for at, _, _ in found)
    return sorted(((at - begun, item, thinks) for at, item, thinks in found), key=lambda each: each[0])
