"""Running scores of a run that goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.intervals import Cluster, Point, point


@dataclass(slots=True)
class Tally:
    """Running scores by cast and arena, kept up without looking back."""

    scores: dict[str, dict[str, Cluster]] = field(default_factory=dict)

    def add(self, key: EpisodeKey, outcome: Outcome) -> None:
        """Count a finished episode."""
        arenas = self.scores.setdefault(key.cast, {})
        old = arenas.get(key.arena, Cluster(0, 0, 0, 0.0))
        quality = outcome.quality
        arenas[key.arena] = Cluster(
            old.episodes + 1,
            old.played + (outcome.kind != "aborted"),
            old.scored + (quality is not None),
            old.total + (quality or 0.0),
        )

    def points(self) -> dict[str, list[Point]]:
        """%Played and Quality of each arena, by cast."""
        return {cast: [point([cluster]) for cluster in arenas.values()] for cast, arenas in self.scores.items()}
