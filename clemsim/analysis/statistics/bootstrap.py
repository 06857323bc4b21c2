"""Bootstrap over the instances of each game, with the same draws for all models.

Episodes of one instance belong together, so instances are drawn, not episodes (cluster bootstrap; Cameron, Gelbach and
Miller 2008), within each game. All models get the same draws, so that a difference between two of them is paired by
instance. The run table does the same in `clemsim.results.intervals`, in plain Python and with fewer draws; the intervals
without spread are shared.

A published table holds only counts, means and deviations. Its draws are made from these (parametric bootstrap; Efron and
Tibshirani 1993, chapter 6), independently for each model, which makes differences look less certain than they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Averages, AveragingRule, Numbers, averages
from clemsim.results.intervals import Interval, without_spread

DRAWS = 2000
FEWEST = 3  # draws that must lie beyond a percentile for it to be usable


@dataclass(frozen=True)
class Sample:
    """Observed %Played and Quality (models x games, 0..100) and their bootstrap draws (draws x models x games).

    NaN in `played`: never run; in `quality`: nothing scored. `instances`: the number of clusters of each game (games);
    `paired`: whether the models share the draws.
    """

    models: tuple[str, ...]
    games: tuple[str, ...]
    played: Numbers
    quality: Numbers
    drawn_played: Numbers
    drawn_quality: Numbers
    instances: tuple[int, ...]
    paired: bool

    def averages(self, rule: AveragingRule = "paper") -> Averages:
        """Return the observed averages, one number for each model."""
        return averages(self.played, self.quality, rule)

    def drawn(self, rule: AveragingRule = "paper") -> Averages:
        """Return the averages of each draw (draws x models)."""
        return averages(self.drawn_played, self.drawn_quality, rule)

    def only(self, models: Sequence[str]) -> Sample:
        """Return the sample of some of the models, in that order."""
        rows = [self.models.index(model) for model in models]
        return Sample(
            tuple(models),
            self.games,
            self.played[rows],
            self.quality[rows],
            self.drawn_played[:, rows],
            self.drawn_quality[:, rows],
            self.instances,
            self.paired,
        )


def from_clusters(
    models: Sequence[str], games: Sequence[str], clusters: Sequence[Numbers], seed: int = 0, draws: int = DRAWS
) -> Sample:
    """Make a sample of the clusters of each game: an array (instances x models x 4) with the number of episodes, the number
    not aborted, the number scored, and the sum of their main scores.

    Each game has draws of its own, so that its intervals do not depend on the other games.
    """
    observed = [_rates(array.sum(axis=0)) for array in clusters]
    drawn = [_resampled(array, _generator(seed, game), draws) for game, array in zip(games, clusters, strict=True)]
    played, quality = (np.stack([rates[index] for rates in observed], axis=-1) for index in (0, 1))
    drawn_played, drawn_quality = (np.stack([rates[index] for rates in drawn], axis=-1) for index in (0, 1))
    counts = tuple(len(array) for array in clusters)
    return Sample(tuple(models), tuple(games), played, quality, drawn_played, drawn_quality, counts, paired=True)


def from_table(
    models: Sequence[str],
    games: Sequence[str],
    played: Numbers,
    quality: Numbers,
    deviation: Numbers,
    episodes: Numbers,
    seed: int = 0,
    draws: int = DRAWS,
) -> Sample:
    """Make a sample of a published table. Each array is models x games: `episodes` is the number of episodes, `deviation`
    the standard deviation of the main score.

    The number of played episodes is binomial, Quality normal around its mean with deviation / sqrt(played), within 0..100.
    An unknown deviation, such as that of one episode, is taken as the largest in that game.
    """
    shape = (draws, len(models))
    largest = np.array([_largest(column) for column in deviation.T])
    spread = np.where(np.isnan(deviation), largest, deviation)
    drawn_played, drawn_quality = np.full((2, *shape, len(games)), np.nan)
    for index, game in enumerate(games):
        rng = _generator(seed, game)
        was_run = ~np.isnan(played[:, index])
        count = np.where(was_run, np.nan_to_num(episodes[:, index]), 0).astype(int)
        share = np.clip(np.nan_to_num(played[:, index]) / 100, 0, 1)
        drawn_count = rng.binomial(count, share, size=shape)
        error = spread[:, index] / np.sqrt(np.maximum(drawn_count, 1)) * rng.standard_normal(shape)
        scored = (drawn_count > 0) & ~np.isnan(quality[:, index])
        drawn_played[:, :, index] = np.where(count > 0, 100 * drawn_count / np.maximum(count, 1), np.nan)
        drawn_quality[:, :, index] = np.where(scored, np.clip(quality[:, index] + error, 0, 100), np.nan)
    instances = tuple(int(np.nan_to_num(episodes[:, index]).max()) for index in range(len(games)))
    return Sample(tuple(models), tuple(games), played, quality, drawn_played, drawn_quality, instances, paired=False)


def interval(drawn: Numbers, instances: Sequence[int], bounds: Interval = (0, 100), level: float = 0.95) -> Interval | None:
    """Return the percentile interval of draws, widened for small samples (expanded percentile interval; Hesterberg 2015,
    section 5.3); None where less than half of the draws are defined.

    A bootstrap of n instances is too narrow by sqrt((n - 1) / n), and ignores the t distribution; percentiles further out
    correct both. Where the draws do not reach those percentiles (a handful of instances), the result is a t interval with
    the bootstrap's standard error, within `bounds`.
    """
    values = drawn[~np.isnan(drawn)]
    if values.size < max(1, drawn.size / 2):
        return None
    errors = _widening(instances, level)
    if not _draws_reach(errors, values.size):
        low, high = values.mean() - errors * values.std(), values.mean() + errors * values.std()
        return float(max(low, bounds[0])), float(min(high, bounds[1]))
    tail = stats.norm.cdf(-errors)
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def p_value(drawn: Numbers, instances: Sequence[int]) -> float | None:
    """Return the two-sided p value of a difference; None where less than half of the draws are defined.

    It is the level at which the interval above would just end at zero (Efron and Tibshirani 1993, section 15.4), or that
    of a t test with the bootstrap's standard error, whichever is larger: far out, where adjusted p values are decided,
    percentiles of few instances are too small (`benchmarks/coverage.py`).
    """
    values = drawn[~np.isnan(drawn)]
    if values.size < max(1, drawn.size / 2):
        return None
    size, freedom = _size(instances)
    z = abs(values.mean()) / max(1e-9, values.std())
    if _draws_reach(_widening(instances, 0.95), values.size):
        below = np.count_nonzero(values < 0) + np.count_nonzero(values == 0) / 2
        if 0 < below < values.size:  # else the draws do not show how far out zero lies
            z = min(z, abs(stats.norm.ppf((below + 0.5) / (values.size + 1))))
    return float(min(1.0, 2 * stats.t.sf(z * np.sqrt((size - 1) / size), freedom)))


def mean_without_spread(values: Numbers, instances: Sequence[int]) -> Interval:
    """Return the interval of a mean over games when all draws are equal: the mean of the games' own intervals (see
    `clemsim.results.intervals`); 0 to 100 where nothing was scored.
    """
    games = [(float(value), count) for value, count in zip(values, instances, strict=True) if not np.isnan(value)]
    ends = [without_spread(value, count) for value, count in games]
    if not ends:
        return 0.0, 100.0
    return float(np.mean([low for low, _ in ends])), float(np.mean([high for _, high in ends]))


def _draws_reach(errors: float, draws: int) -> bool:
    """Return whether a number of draws shows a percentile that lies `errors` standard errors out."""
    return bool(stats.norm.cdf(-errors) * draws >= FEWEST)


def _widening(instances: Sequence[int], level: float) -> float:
    """Return the number of standard errors between the middle and the percentile that ends the interval."""
    size, freedom = _size(instances)
    return float(stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(size / (size - 1)))


def _size(instances: Sequence[int]) -> tuple[float, float]:
    """Return the mean number of instances of a game, and the degrees of freedom over all games."""
    counts = [count for count in instances if count > 0] or [1]
    return max(2.0, float(np.mean(counts))), max(1.0, float(sum(counts) - len(counts)))


def _rates(sums: Numbers) -> tuple[Numbers, Numbers]:
    """Return %Played and Quality of sums (... x 4)."""
    episodes, played, scored, total = (sums[..., index] for index in range(4))
    unknown = np.full(episodes.shape, np.nan)
    return (
        np.divide(100 * played, episodes, out=unknown.copy(), where=episodes > 0),
        np.divide(total, scored, out=unknown.copy(), where=scored > 0),
    )


def _resampled(clusters: Numbers, rng: np.random.Generator, draws: int) -> tuple[Numbers, Numbers]:
    """Return %Played and Quality (draws x models) of instances drawn with replacement."""
    count, models, _ = clusters.shape
    frequency = rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(float)
    sums = (frequency @ clusters.reshape(count, -1)).reshape(draws, models, 4)
    return _rates(sums)


def _largest(column: Numbers) -> float:
    known = column[~np.isnan(column)]
    return float(known.max()) if known.size else 50.0  # half of the scale, where no model has a deviation


def _generator(seed: int, game: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(sha256(f"{seed}/{game}".encode()).digest()[:8], "big"))
