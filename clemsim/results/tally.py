"""Running scores of a run in progress."""

from __future__ import annotations

from clemsim.results.clusters import Cluster, Point, point
from clemsim.runtime.episode import Result
from clemsim.runtime.observer import Observer


class Tally(Observer):
    """Running scores by cast and arena, updated at each finished episode."""

    def __init__(self) -> None:
        self.scores: dict[str, dict[str, Cluster]] = {}

    def finished(self, result: Result) -> None:
        """Count an episode that has an outcome."""
        outcome = result.outcome
        if outcome is None:
            return
        arenas = self.scores.setdefault(result.key.cast, {})
        before = arenas.get(result.key.arena, Cluster(0, 0, 0, 0.0))
        arenas[result.key.arena] = Cluster(
            before.episodes + 1,
            before.played + (outcome.kind != "aborted"),
            before.scored + (outcome.quality is not None),
            before.total + (outcome.quality or 0.0),
            before.apart + (not outcome.shared),
        )

    def points(self) -> dict[str, list[Point]]:
        """Return %Played and Quality of each arena, by cast."""
        return {cast: [point([cluster]) for cluster in arenas.values()] for cast, arenas in self.scores.items()}
