"""How sure the averages are: each game's instances drawn anew for all models alike.

Episodes of one instance belong together, so instances are drawn, not episodes (cluster bootstrap; Cameron, Gelbach and
Miller 2008), within each game. All models get the same draws, so that a difference between two of them is paired by
instance. The run table does the same in `clemsim.scores.intervals`, in plain Python and with fewer draws; the parts are
shared.

Of a published table only counts, means and deviations are known; there, draws are made from these (parametric
bootstrap; Efron and Tibshirani 1993, chapter 6), and models are independent of each other, which makes their
differences less sure than they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Averages, AveragingRule, Numbers, averages
from clemsim.results.intervals import Interval
from clemsim.results.intervals import without_spread as certain

DRAWS = 2000
FEWEST = 3  # draws beyond a percentile, for it to be one


@dataclass(frozen=True)
class Sample:
    """Models and games with what was seen (models x games) and what might have been (draws x models x games).

    NaN in `played`: never run; in `quality`: nothing scored. `instances`: how many clusters each game has (games);
    `paired`: whether draws are shared by the models.
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
        """What was seen, one number a model."""
        return averages(self.played, self.quality, rule)

    def drawn(self, rule: AveragingRule = "paper") -> Averages:
        """What might have been: draws x models."""
        return averages(self.drawn_played, self.drawn_quality, rule)

    def only(self, models: Sequence[str]) -> Sample:
        """The same for some of the models, in that order."""
        at = [self.models.index(model) for model in models]
        return Sample(
            tuple(models),
            self.games,
            self.played[at],
            self.quality[at],
            self.drawn_played[:, at],
            self.drawn_quality[:, at],
            self.instances,
            self.paired,
        )


def from_clusters(
    models: Sequence[str], games: Sequence[str], clusters: Sequence[Numbers], seed: int = 0, draws: int = DRAWS
) -> Sample:
    """A sample out of each game's clusters: an array (instances x models x 4) of how many episodes, how many not aborted,
    how many scored, and the sum of their main scores.

    Each game has draws of its own, so that its intervals do not depend on what else was played.
    """
    seen = [_rates(some.sum(axis=0)) for some in clusters]
    drawn = [_redrawn(some, _generator(seed, game), draws) for game, some in zip(games, clusters, strict=True)]
    played, quality = (np.stack([each[index] for each in seen], axis=-1) for index in (0, 1))
    drawn_played, drawn_quality = (np.stack([each[index] for each in drawn], axis=-1) for index in (0, 1))
    counts = tuple(len(some) for some in clusters)
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
    """A sample out of a published table; each array is models x games, `episodes` how many were played at, `deviation` the
    standard deviation of the main score.

    The number of played episodes is binomial, Quality normal around its mean with deviation / sqrt(played), within 0..100.
    A deviation that is not known, as that of one episode, is the largest seen in that game.
    """
    shape = (draws, len(models))
    largest = np.array([_largest(column) for column in deviation.T])
    spread = np.where(np.isnan(deviation), largest, deviation)
    drawn_played, drawn_quality = np.full((2, *shape, len(games)), np.nan)
    for index, game in enumerate(games):
        rng = _generator(seed, game)
        run = ~np.isnan(played[:, index])
        count = np.where(run, np.nan_to_num(episodes[:, index]), 0).astype(int)
        share = np.clip(np.nan_to_num(played[:, index]) / 100, 0, 1)
        some = rng.binomial(count, share, size=shape)
        error = spread[:, index] / np.sqrt(np.maximum(some, 1)) * rng.standard_normal(shape)
        scored = (some > 0) & ~np.isnan(quality[:, index])
        drawn_played[:, :, index] = np.where(count > 0, 100 * some / np.maximum(count, 1), np.nan)
        drawn_quality[:, :, index] = np.where(scored, np.clip(quality[:, index] + error, 0, 100), np.nan)
    most = tuple(int(np.nan_to_num(episodes[:, index]).max()) for index in range(len(games)))
    return Sample(tuple(models), tuple(games), played, quality, drawn_played, drawn_quality, most, paired=False)


def interval(drawn: Numbers, instances: Sequence[int], bounds: Interval = (0, 100), level: float = 0.95) -> Interval | None:
    """The middle of the draws, widened for small samples (expanded percentile interval; Hesterberg 2015, section 5.3);
    None where less than half of them are defined.

    A bootstrap of n instances is too narrow by sqrt((n - 1) / n), and knows no t distribution; both are mended by
    taking percentiles further out. Where these lie further out than the draws reach (a handful of instances), it is a t
    interval with the bootstrap's standard error, within `bounds`.
    """
    values = drawn[~np.isnan(drawn)]
    if values.size < max(1, drawn.size / 2):
        return None
    out = _widening(instances, level)
    if not _reached(out, values.size):
        low, high = values.mean() - out * values.std(), values.mean() + out * values.std()
        return float(max(low, bounds[0])), float(min(high, bounds[1]))
    tail = stats.norm.cdf(-out)
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def p_value(drawn: Numbers, instances: Sequence[int]) -> float | None:
    """Two-sided p of a difference: the level at which the interval above would just end at zero (Efron and Tibshirani
    1993, section 15.4), or that of a t test with the bootstrap's standard error, whichever is larger: far out, where
    adjusted p values are decided, percentiles of few instances promise too much (`benchmarks/coverage.py`). None where
    less than half of the draws are defined.
    """
    values = drawn[~np.isnan(drawn)]
    if values.size < max(1, drawn.size / 2):
        return None
    size, freedom = _size(instances)
    z = abs(values.mean()) / max(1e-9, values.std())
    if _reached(_widening(instances, 0.95), values.size):
        below = np.count_nonzero(values < 0) + np.count_nonzero(values == 0) / 2
        if 0 < below < values.size:  # beyond that the draws can't say how far out zero lies
            z = min(z, abs(stats.norm.ppf((below + 0.5) / (values.size + 1))))
    return float(min(1.0, 2 * stats.t.sf(z * np.sqrt((size - 1) / size), freedom)))


def without_spread(values: Numbers, instances: Sequence[int]) -> Interval:
    """Interval for the mean over games when no draw differed from another: the mean of the games' own intervals, see
    `clemsim.scores.intervals`; anything, where nothing was scored.
    """
    ends = [certain(float(value), count) for value, count in zip(values, instances, strict=True) if not np.isnan(value)]
    if not ends:
        return 0.0, 100.0
    return float(np.mean([low for low, _ in ends])), float(np.mean([high for _, high in ends]))


def _reached(out: float, draws: int) -> bool:
    """Whether so many draws can show a percentile that lies so many standard errors out."""
    return bool(stats.norm.cdf(-out) * draws >= FEWEST)


def _widening(instances: Sequence[int], level: float) -> float:
    """How many standard errors out the percentile lies that ends the interval."""
    size, freedom = _size(instances)
    return float(stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(size / (size - 1)))


def _size(instances: Sequence[int]) -> tuple[float, float]:
    """Instances a game, on average, and degrees of freedom of all."""
    some = [count for count in instances if count > 0] or [1]
    return max(2.0, float(np.mean(some))), max(1.0, float(sum(some) - len(some)))


def _rates(sums: Numbers) -> tuple[Numbers, Numbers]:
    """%Played and Quality out of sums (... x 4)."""
    episodes, played, scored, total = (sums[..., index] for index in range(4))
    nothing = np.full(episodes.shape, np.nan)
    return (
        np.divide(100 * played, episodes, out=nothing.copy(), where=episodes > 0),
        np.divide(total, scored, out=nothing.copy(), where=scored > 0),
    )


def _redrawn(clusters: Numbers, rng: np.random.Generator, draws: int) -> tuple[Numbers, Numbers]:
    """%Played and Quality (draws x models) of instances drawn with replacement."""
    count, models, _ = clusters.shape
    often = rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(float)
    sums = (often @ clusters.reshape(count, -1)).reshape(draws, models, 4)
    return _rates(sums)


def _largest(column: Numbers) -> float:
    known = column[~np.isnan(column)]
    return float(known.max()) if known.size else 50.0  # half of the scale, where a game has no deviation at all


def _generator(seed: int, game: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(sha256(f"{seed}/{game}".encode()).digest()[:8], "big"))
