"""95 % intervals for %Played, Quality and clemscore.

Episodes of one instance belong together, so instances, not episodes, are drawn anew (cluster bootstrap; Cameron,
Gelbach and Miller 2008), within each arena, and the interval is read off the percentiles (Efron 1979). Where no
spread was seen the bootstrap would claim certainty; there the interval is Wilson's (1927) for "how often could it
have been otherwise".
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clemsim.game.outcomes import Outcome

RESAMPLES = 1000
Z = 1.959963984540054  # two-sided 95 %


Interval = tuple[float, float]  # its two ends


@dataclass(frozen=True, slots=True)
class Cluster:
    """The episodes of one instance: how many, how many were not aborted, how many have a main score, and their sum."""

    episodes: int
    played: int
    scored: int
    total: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Cluster:
        """Return the cluster of the episodes that ended in `outcomes`."""
        qualities = [outcome.quality for outcome in outcomes if outcome.quality is not None]
        played = sum(outcome.kind != "aborted" for outcome in outcomes)
        return cls(len(outcomes), played, len(qualities), sum(qualities))


@dataclass(frozen=True, slots=True)
class Point:
    """%Played and Quality (both 0..100) of some clusters; Quality is None where nothing was scored."""

    played: float
    quality: float | None


def point(clusters: Sequence[Cluster]) -> Point:
    """The estimate."""
    episodes = sum(cluster.episodes for cluster in clusters)
    scored = sum(cluster.scored for cluster in clusters)
    played = 100 * sum(cluster.played for cluster in clusters) / episodes
    return Point(played, sum(cluster.total for cluster in clusters) / scored if scored else None)


def clemscore(points: Sequence[Point]) -> tuple[float, float | None, float | None]:
    """%Played, Quality and clemscore over arenas: unweighted means, and the first / 100 times the second.

    An arena in which nothing was scored has no quality and is left out of that mean.
    """
    played = sum(each.played for each in points) / len(points)
    qualities = [each.quality for each in points if each.quality is not None]
    quality = sum(qualities) / len(qualities) if qualities else None
    return played, quality, None if quality is None else played / 100 * quality


def resample(arenas: Mapping[str, Sequence[Cluster]], seed: int = 0) -> list[dict[str, Point]]:
    """Points of arenas whose instances were drawn anew, with replacement, many times.

    Every arena has draws of its own, so that its interval does not depend on what else was played.
    """
    drawn = {name: _draws(clusters, random.Random(f"{seed}/{name}")) for name, clusters in arenas.items()}
    return [dict(zip(drawn, points, strict=True)) for points in zip(*drawn.values(), strict=True)]


def _draws(clusters: Sequence[Cluster], rng: random.Random) -> list[Point]:
    return [point(rng.choices(clusters, k=len(clusters))) for _ in range(RESAMPLES)]


def interval(samples: Sequence[float | None], unseen: Callable[[], Interval]) -> Interval | None:
    """The middle 95 % of the samples that are defined; `unseen()` where they are all equal; None where there are
    none.
    """
    values = sorted(value for value in samples if value is not None)
    if not values:
        return None
    if values[-1] - values[0] < 1e-12:
        return unseen()
    return _percentile(values, 0.025), _percentile(values, 0.975)


def without_spread(value: float, count: int) -> Interval:
    """Interval for a mean in 0..100 when all `count` values were equal.

    At most a share w of values could have been otherwise (Wilson's upper limit for 0 of `count`), and those could
    have been anything from 0 to 100.
    """
    share = Z * Z / (count + Z * Z)
    return value * (1 - share), value + (100 - value) * share


def _percentile(values: Sequence[float], share: float) -> float:
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
