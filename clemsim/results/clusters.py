"""Clusters: the episodes of one instance, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clemsim.game.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Cluster:
    """The episodes of one instance: their number, those not aborted, those with a main score, and the sum of the scores.
    `apart`: how many were scored by seat alone, so that they have no score that all seats share.
    """

    episodes: int
    played: int
    scored: int
    total: float
    apart: int = 0

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Cluster:
        """Return the cluster of the episodes that ended in `outcomes`."""
        qualities = [outcome.quality for outcome in outcomes if outcome.quality is not None]
        played = sum(outcome.kind != "aborted" for outcome in outcomes)
        apart = sum(not outcome.shared for outcome in outcomes)
        return cls(len(outcomes), played, len(qualities), sum(qualities), apart)


@dataclass(frozen=True, slots=True)
class Point:
    """%Played and Quality (both 0..100) of some clusters; Quality is None where nothing was scored."""

    played: float
    quality: float | None


def point(clusters: Sequence[Cluster]) -> Point:
    """Return the estimate from all episodes of the clusters."""
    episodes = sum(cluster.episodes for cluster in clusters)
    scored = sum(cluster.scored for cluster in clusters)
    played = 100 * sum(cluster.played for cluster in clusters) / episodes
    return Point(played, sum(cluster.total for cluster in clusters) / scored if scored else None)


def clemscore(points: Sequence[Point]) -> tuple[float, float | None, float | None]:
    """Return %Played, Quality and clemscore over arenas: unweighted means, and the first / 100 times the second.

    An arena in which nothing was scored has no quality and is left out of that mean.
    """
    played = sum(arena.played for arena in points) / len(points)
    qualities = [arena.quality for arena in points if arena.quality is not None]
    quality = sum(qualities) / len(qualities) if qualities else None
    return played, quality, None if quality is None else played / 100 * quality
