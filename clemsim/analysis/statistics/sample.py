"""The scores of models as matrices, and their estimates: what the analyses compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isnan

import numpy as np

from clemsim.analysis.statistics.averages import Averages, AveragingRule, Numbers, averages
from clemsim.results.clusters import Cluster
from clemsim.results.differences import (
    Difference,
    PairedMeans,
    PairedModels,
    paired_difference,
    paired_means,
    shared_clusters,
)
from clemsim.results.estimates import GameRatios, ModelEstimates, Score
from clemsim.results.label_swaps import swap_p
from clemsim.results.means import LEVEL
from clemsim.results.ratios import Ratio

Clusters = Mapping[str, Mapping[str, Cluster]]  # by game and instance
RECENT = 32  # pairs of models that are kept, with what was computed of them


@dataclass(frozen=True)
class Sample:
    """%Played and Quality (models x games, 0..100), and the estimates that intervals and differences are made of.

    NaN in `played`: never run; in `quality`: nothing scored. `clusters`: of the models whose instances are known; of the
    others only the counts and means of a table are, so that their differences cannot be paired.
    """

    models: tuple[str, ...]
    games: tuple[str, ...]
    played: Numbers
    quality: Numbers
    estimates: Mapping[str, ModelEstimates]
    clusters: Mapping[str, Clusters]

    @property
    def paired(self) -> bool:
        """Whether the instances of all models are known."""
        return all(model in self.clusters for model in self.models)

    def averages(self, rule: AveragingRule = "paper") -> Averages:
        """Return the averages over games, one number for each model."""
        return averages(self.played, self.quality, rule)

    def only(self, models: Sequence[str]) -> Sample:
        """Return the sample of some of the models, in that order."""
        rows = [self.models.index(model) for model in models]
        return Sample(tuple(models), self.games, self.played[rows], self.quality[rows], self.estimates, self.clusters)

    def difference(
        self, first: str, second: str, score: Score = "clemscore", game: str | None = None, level: float = LEVEL
    ) -> Difference:
        """Return the difference first - second over all games, or in one game; paired on the instances of both, if known.
        `level`: that of its interval.
        """
        key = (first, second, score, game, level)
        if key not in self._known:
            self._known[key] = self._difference(first, second, score, game, level)
        return self._known[key]

    def common_score(self, first: str, second: str) -> Score:
        """Return what two models are compared by: clemscore, or worth where one has none as it never played to the end."""
        known = (self.estimates[name].value("clemscore") for name in (first, second))
        return "worth" if any(value is None for value in known) else "clemscore"

    def pair(self, first: str, second: str, score: Score) -> PairedMeans | None:
        """Return a score of two models side by side, on the instances of both, if known; None where one of them has none, or
        too few instances bear on it.
        """
        if first in self.clusters and second in self.clusters:
            one, other = map(ModelEstimates.of, shared_clusters(self.clusters[first], self.clusters[second]))
        else:
            one, other = self.estimates[first], self.estimates[second]
        pair = paired_means(one, other, score)
        return None if pair is None or pair.first.interval() is None or pair.second.interval() is None else pair

    def exact_p(self, first: str, second: str, score: Score) -> float | None:
        """Return the p value of the exact test; None where instances are unknown."""
        if first not in self.clusters or second not in self.clusters:
            return None
        ours, theirs = shared_clusters(self.clusters[first], self.clusters[second])
        return swap_p(ours, theirs, score) if ours else None

    def _difference(self, first: str, second: str, score: Score, game: str | None, level: float) -> Difference:
        if first in self.clusters and second in self.clusters:
            return self._paired(first, second, game).difference(score, level)
        one, other = (
            self.estimates[model] if game is None else self.estimates[model].of_game(game) for model in (first, second)
        )
        return paired_difference(one, other, score, level=level)

    @cached_property
    def _paired(self) -> Callable[[str, str, str | None], PairedModels]:
        """Returns a pair of models, in a game or over games: one that was looked at not long ago."""

        @lru_cache(maxsize=RECENT)
        def paired(first: str, second: str, game: str | None) -> PairedModels:
            return PairedModels(*(_of_game(self.clusters[model], game) for model in (first, second)))

        return paired

    @cached_property
    def _known(self) -> dict[tuple[str, str, Score, str | None, float], Difference]:
        """The differences that were computed before."""
        return {}


def sample_of(clusters: Mapping[str, Clusters], tables: Mapping[str, ModelEstimates], models: Sequence[str]) -> Sample:
    """Make the sample of `models`, each of which is in `clusters` or, as printed in a table, in `tables`."""
    played_by = {model: clusters[model] for model in models if model in clusters}
    estimates = {model: ModelEstimates.of(games) for model, games in played_by.items()}
    estimates |= {model: tables[model] for model in models if model not in played_by}
    games = tuple(sorted({game for model in models for game in estimates[model].games}))

    def matrix(score: Score) -> Numbers:
        values = [[estimates[model].of_game(game).value(score) for game in games] for model in models]
        return np.array(values, dtype=float).reshape(len(models), len(games))

    return Sample(tuple(models), games, matrix("played"), matrix("quality"), estimates, played_by)


def game_of_table(played: float, quality: float | None, deviation: float | None, episodes: float | None) -> GameRatios:
    """Return the ratios of a game of which a table prints %Played, Quality, the standard deviation of the main score (all
    0..100), and the number of episodes. What is not known is None.

    Each episode counts as an instance.
    """
    count = max(1.0, episodes or 1.0)
    share = played / 100
    own = Ratio(share, count, share * (1 - share) * count / (count - 1) if count > 1 else None, yes_no=True)
    if quality is None or share <= 0:
        return GameRatios(own, None, Ratio(0.0, count, own.variance and 0.0, yes_no=True))
    value, scored = quality / 100, max(1.0, count * share)
    spread = None if deviation is None or isnan(deviation) or scored <= 1 else (deviation / 100) ** 2
    worth = share * value
    squares = share * ((spread or 0.0) * (scored - 1) / scored + value * value) - worth * worth
    of_all = None if spread is None or count <= 1 else max(0.0, squares) * count / (count - 1)
    return GameRatios(own, Ratio(value, scored, spread, yes_no=False), Ratio(worth, count, of_all, yes_no=False))


def _of_game(clusters: Clusters, game: str | None) -> Clusters:
    return clusters if game is None else {game: clusters.get(game, {})}
