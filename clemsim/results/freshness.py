"""Scores on public instances against those on freshly generated ones of the same kind.

The instances are different ones, so nothing is paired: the difference of one agent has the interval of two independent
scores (method of variance estimates recovery; Zou and Donner 2008). Fresh instances may be harder or easier; so for two
agents there is the difference in differences, (A - B) on the public instances less (A - B) on the fresh ones, which does not
move with what is the same for both. Within each suite it is paired by instance. Its interval is built from the two
differences' own intervals in the same way. None of this says why scores differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from clemsim.results.differences import (
    Clusters,
    Difference,
    PairedMeans,
    level_p,
    paired_means,
    seen_difference,
    shared_clusters,
)
from clemsim.results.estimates import ModelEstimates, Score
from clemsim.results.intervals import Interval
from clemsim.results.means import LEVEL


@dataclass(frozen=True, slots=True)
class DifferenceOfDifferences:
    """The difference of two independent differences, -2..2."""

    public: PairedMeans
    fresh: PairedMeans

    @property
    def value(self) -> float:
        """The difference in differences."""
        return self.public.value - self.fresh.value

    def ends(self, level: float = LEVEL) -> Interval:
        """Return the interval of this level."""
        first, second = self.public.ends(level), self.fresh.ends(level)
        down = sqrt((self.public.value - first[0]) ** 2 + (second[1] - self.fresh.value) ** 2)
        up = sqrt((first[1] - self.public.value) ** 2 + (self.fresh.value - second[0]) ** 2)
        return max(-2.0, self.value - down), min(2.0, self.value + up)


def freshness(public: Clusters, fresh: Clusters, score: Score) -> Difference:
    """Return the difference public - fresh of one agent in a score, on the games that both have; in points."""
    ours, theirs = _same_games(public, fresh)
    first, second = ModelEstimates.of(ours).mean(score), ModelEstimates.of(theirs).mean(score)
    if first is None or second is None:
        return Difference()
    return _difference(
        PairedMeans(first, second, 0.0), enough=first.interval() is not None and second.interval() is not None
    )


def freshness_between(public: tuple[Clusters, Clusters], fresh: tuple[Clusters, Clusters], score: Score) -> Difference:
    """Return the difference of two agents on the public instances less that on the fresh ones; in points."""
    pairs = [_pair(own, other, score) for own, other in (_of_pairs(public, fresh), _of_pairs(fresh, public))]
    first, second = pairs
    if first is None or second is None:
        return Difference()
    enough = all(mean.interval() is not None for pair in (first, second) for mean in (pair.first, pair.second))
    return _difference(DifferenceOfDifferences(first, second), enough=enough)


def _difference(found: PairedMeans | DifferenceOfDifferences, *, enough: bool) -> Difference:
    value = 100 * found.value
    if not enough:
        return Difference(value)
    low, high = (100 * end for end in found.ends())
    return Difference(value, (low, high), level_p(found.value, found.ends), seen_difference(low, high))


def _pair(first: Clusters, second: Clusters, score: Score) -> PairedMeans | None:
    ours, theirs = shared_clusters(first, second)
    return paired_means(ModelEstimates.of(ours), ModelEstimates.of(theirs), score)


def _of_pairs(own: tuple[Clusters, Clusters], other: tuple[Clusters, Clusters]) -> tuple[Clusters, Clusters]:
    """Return the clusters of two agents in the games that both have in both suites."""
    games = set.intersection(*(set(clusters) for clusters in (*own, *other)))
    return _only(own[0], games), _only(own[1], games)


def _same_games(first: Clusters, second: Clusters) -> tuple[Clusters, Clusters]:
    games = set(first) & set(second)
    return _only(first, games), _only(second, games)


def _only(clusters: Clusters, games: set[str]) -> Clusters:
    return {game: clusters[game] for game in sorted(clusters) if game in games}
