"""The scores of one model with their intervals: the one place where both are computed.

| score     | of one game                                                  | over games                          |
|-----------|--------------------------------------------------------------|-------------------------------------|
| played    | share of its episodes that were not aborted                  | mean over games                     |
| quality   | mean main score of its scored episodes                       | mean over games with a scored one   |
| clemscore | played x quality                                             | played over games x quality over games |
| worth     | mean main score of all its episodes, an aborted one as 0     | mean over games                     |

A game that is scored by seat alone has a %Played, and neither Quality nor worth (`clemsim.results.seat_scores`).
All are in points, 0..100. Instances are the units (`clemsim.results.means`), and those that were played are taken as a
sample of instances of their kind. An interval is None where fewer than five instances bear on the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from clemsim.results.clusters import Cluster
from clemsim.results.intervals import Interval
from clemsim.results.means import LEVEL, Mean, mean_over_games, product
from clemsim.results.ratios import Ratio, ratio

Score = Literal["played", "quality", "clemscore", "worth"]
SCORES: tuple[Score, ...] = get_args(Score)

Instance = tuple[str, str]  # game and instance


@dataclass(frozen=True)
class GameRatios:
    """The ratios of one game; None where it has no episode, or none that was scored.

    `instances`: the names of the instances, in the order of the ratios' deviations; those of a published table, of which
    only counts and means are known, have none.
    """

    played: Ratio | None
    quality: Ratio | None
    worth: Ratio | None
    instances: tuple[str, ...] = ()

    @classmethod
    def of(cls, clusters: Mapping[str, Cluster]) -> GameRatios:
        """Return the ratios of a game with these clusters by instance."""
        known = {name: cluster for name, cluster in clusters.items() if cluster.episodes}
        episodes = [float(cluster.episodes) for cluster in known.values()]
        scored = [float(cluster.scored) for cluster in known.values()]
        points = [cluster.total / 100 for cluster in known.values()]
        played = ratio([float(cluster.played) for cluster in known.values()], episodes)
        worth = None if any(cluster.apart for cluster in known.values()) else ratio(points, episodes)
        return cls(played, ratio(points, scored), worth, tuple(known))


@dataclass(frozen=True)
class ModelEstimates:
    """The scores of one model over the games in `games`, and of each of them."""

    games: Mapping[str, GameRatios]

    @classmethod
    def of(cls, clusters: Mapping[str, Mapping[str, Cluster]]) -> ModelEstimates:
        """Return the estimates from the clusters of each game, by instance."""
        ratios = {game: GameRatios.of(instances) for game, instances in clusters.items()}
        return cls({game: own for game, own in ratios.items() if own.played is not None})

    def of_game(self, game: str) -> ModelEstimates:
        """Return the estimates of one game alone."""
        return ModelEstimates({game: self.games[game]} if game in self.games else {})

    def value(self, score: Score) -> float | None:
        """Return a score in points; None where nothing bears on it."""
        mean = self._means[score]
        return None if mean is None else 100 * mean.value

    def interval(self, score: Score, level: float = LEVEL) -> Interval | None:
        """Return the interval of a score in points; None where there is no score, or too few instances for an interval."""
        mean = self._means[score]
        ends = mean.interval(level) if mean else None
        return None if ends is None else (100 * ends[0], 100 * ends[1])

    def mean(self, score: Score) -> Mean | None:
        """Return a score as a mean over games."""
        return self._means[score]

    def deviations(self, score: Score) -> dict[Instance, float]:
        """Return how much a score (0..1) owes to each instance; they add up to 0."""
        if score == "clemscore":
            played, quality = self._means["played"], self._means["quality"]
            if played is None or quality is None:
                return {}
            first, second = self.deviations("played"), self.deviations("quality")
            return {key: quality.value * own + played.value * second.get(key, 0.0) for key, own in first.items()}
        ratios = {game: getattr(own, score) for game, own in self.games.items()}
        known = {game: own for game, own in ratios.items() if own is not None}
        return {
            (game, instance): deviation / len(known)
            for game, own in known.items()
            for instance, deviation in zip(self.games[game].instances, own.deviations, strict=False)
        }

    @cached_property
    def _means(self) -> Mapping[Score, Mean | None]:
        played, quality, worth = (
            mean_over_games(_known(getattr(game, score) for game in self.games.values()))
            for score in ("played", "quality", "worth")
        )
        return {"played": played, "quality": quality, "worth": worth, "clemscore": self._clemscore(played, quality, worth)}

    def _clemscore(self, played: Mean | None, quality: Mean | None, worth: Mean | None) -> Mean | None:
        """Return %Played x Quality; of one game that is its worth, whose interval needs no product."""
        if played is None or quality is None:
            return None
        if len(self.games) == 1:
            return worth
        return product(played, quality, sum(_covariance(game) for game in self.games.values()) / self._pairs)

    @property
    def _pairs(self) -> int:
        """The number of games in the mean of %Played times that in the mean of Quality."""
        scored = sum(game.quality is not None for game in self.games.values())
        return len(self.games) * scored


def _known(ratios: Iterable[Ratio | None]) -> list[Ratio]:
    return [ratio for ratio in ratios if ratio is not None]


def _covariance(game: GameRatios) -> float:
    """Return the covariance of a game's %Played and Quality as estimated; 0 where nothing is known of it."""
    if game.played is None or game.quality is None:
        return 0.0
    pairs = list(zip(game.played.deviations, game.quality.deviations, strict=False))
    if len(pairs) < 2:
        return 0.0
    return sum(first * second for first, second in pairs) * len(pairs) / (len(pairs) - 1)
