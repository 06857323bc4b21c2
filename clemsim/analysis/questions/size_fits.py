"""The fits of clemscore to size: regressions, rank correlations, size within families, and a mixed model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers, points
from clemsim.analysis.statistics.clustered import ClusteredCoefficient, clustered_coefficients
from clemsim.analysis.statistics.correlations import Correlation, correlation
from clemsim.analysis.statistics.groups import FamilySlope, slope_within_families
from clemsim.analysis.statistics.mixed import MixedModel, fit_mixed_model
from clemsim.analysis.statistics.regression import Fit, fit_least_squares
from clemsim.analysis.statistics.sample import Sample
from clemsim.results.intervals import Interval

LN_P, LN_D = "ln(P)", "ln(D)"
ALL, BOTH, PUBLISHED = "all with parameters", "with parameters and training data", "with published parameters"
SLOPE = "slope of ln(P) by game"
ENOUGH = 8  # models, for their deviation to be an effect of its own
FEWEST = 4  # models of a regression
RANKED = {
    "parameters": "parameters",
    "training_tokens": "training data",
    "context": "context length",
    "released": "release date",
}


@dataclass(frozen=True)
class SizeRegression:
    """A regression of clemscore, the models it is fitted to (`frame`), and the name of that sample.

    `lineages`: of each model, what it was made from; errors are clustered by that. `clustered`: coefficients with such
    errors; empty for fewer than three lineages.
    """

    sample: str
    frame: pl.DataFrame
    regressors: dict[str, Numbers]
    fit: Fit
    lineages: tuple[str, ...] = ()
    clustered: tuple[ClusteredCoefficient, ...] = ()

    @property
    def formula(self) -> str:
        """The formula, such as `clemscore ~ ln(P)`."""
        return f"clemscore ~ {' + '.join(self.regressors)}"

    @property
    def scores(self) -> Numbers:
        """The clemscores of the models."""
        scores: Numbers = self.frame["clemscore"].to_numpy()
        return scores

    def interval(self, term: str) -> Interval:
        """Return the 95 % interval of a coefficient: clustered by lineage or, for too few lineages, HC3."""
        own = next((coefficient for coefficient in self.clustered if coefficient.name == term), None)
        return self.fit[term].robust_interval if own is None else own.interval


@dataclass(frozen=True)
class GameSlope:
    """The slope of the worth of one game (points) for each unit of ln(P), over `n` models, with its clustered interval."""

    game: str
    n: int
    slope: float
    interval: Interval | None


@dataclass(frozen=True)
class SizeFits:
    """All fits of clemscore to size. `regressions` is not empty; other fits are None where there are too few models.

    `correlations`: those of clemscore, by characteristic. `published`: the first regression on the models whose
    size was published, where that is not all of them. `game_slopes`: the slope of worth by game.
    """

    regressions: tuple[SizeRegression, ...]
    correlations: Mapping[str, Correlation]
    family_slope: FamilySlope | None
    mixed_model: MixedModel | None
    published: SizeRegression | None = None
    game_slopes: tuple[GameSlope, ...] = ()


def fit_regressions(evidence: Evidence, known: pl.DataFrame, both: pl.DataFrame) -> tuple[SizeRegression, ...]:
    """Fit clemscore to ln(P) and to ln(P) + ln(D); what cannot be fitted is left out.

    `known`: the models with known parameters; `both`: those with known training data as well. Where both are the same
    models, ln(P) alone is fitted once.
    """
    alone = None if len(both) == len(known) else _fit(evidence, BOTH, both, data=False)
    fits = (_fit(evidence, ALL, known, data=False), alone, _fit(evidence, BOTH, both, data=True))
    return tuple(regression for regression in fits if regression)


def fit_published(evidence: Evidence, known: pl.DataFrame) -> SizeRegression | None:
    """Fit clemscore to ln(P) on the models whose size was published; None where that is all of them, or too few."""
    published = known.filter(pl.col("size_known"))
    return None if len(published) == len(known) else _fit(evidence, PUBLISHED, published, data=False)


def correlate(facts: pl.DataFrame) -> dict[str, Correlation]:
    """Return the correlation of clemscore with each characteristic that enough models have: of Pearson with the logarithm of
    amounts, and with dates as they are.
    """
    correlations: dict[str, Correlation] = {}
    for field, name in RANKED.items():
        known = facts.filter(pl.col(field).is_not_null())
        x = known[field].to_physical().cast(pl.Float64).to_numpy()
        try:
            correlations[name] = correlation(x if field == "released" else np.log(x), known["clemscore"].to_numpy())
        except ValueError:
            continue
    return correlations


def fit_family_slope(evidence: Evidence, known: pl.DataFrame) -> FamilySlope | None:
    """Fit the slope of size within families; None where too few families have models of several sizes."""
    family_of = dict(evidence.kinds.select("model", "family").iter_rows())
    families = [family_of[model] for model in known["model"]]
    try:
        return slope_within_families(known["clemscore"].to_numpy(), np.log(known["parameters"].to_numpy()), families)
    except ValueError:
        return None


def fit_random_effects(evidence: Evidence, known: pl.DataFrame) -> MixedModel | None:
    """Fit the mean score of an episode (0..100, aborted as 0) of each model and game by ln(P), with a random intercept for
    each model and game and a random slope for each game; None where there are too few of them.

    As games are a sample too, t has as many degrees of freedom as there are games, less one.
    """
    sample, worth, ln_p = _worth(evidence, known)
    if len(known) < ENOUGH or len(sample.games) < 3:
        return None
    cells = [(m, g) for m in range(worth.shape[0]) for g in range(worth.shape[1]) if not np.isnan(worth[m, g])]
    games = [sample.games[g] for _, g in cells]
    y, x = np.array([worth[m, g] for m, g in cells]), np.array([ln_p[m] for m, _ in cells])
    random = {"model": [sample.models[m] for m, _ in cells], "game": games, SLOPE: games}
    try:
        return fit_mixed_model(y, {LN_P: x}, random, slopes={SLOPE: x - x.mean()}, df=len(set(games)) - 1)
    except ValueError:
        return None


def fit_game_slopes(evidence: Evidence, known: pl.DataFrame) -> tuple[GameSlope, ...]:
    """Fit the worth of each game by ln(P), with errors clustered by lineage."""
    sample, worth, ln_p = _worth(evidence, known)
    lineages, slopes = lineages_of(evidence, sample.models), []
    for index, game in enumerate(sample.games):
        run = ~np.isnan(worth[:, index])
        y, x = worth[run, index], ln_p[run]
        if len(y) < FEWEST or np.ptp(x) == 0:
            continue
        own = [lineage for lineage, is_run in zip(lineages, run, strict=True) if is_run]
        clustered = clustered_coefficients(y, {LN_P: x}, own)
        slope = float(np.polyfit(x, y, 1)[0])
        slopes.append(GameSlope(game, len(y), slope, clustered[1].interval if clustered else None))
    return tuple(slopes)


def mean_slope(slopes: Sequence[GameSlope]) -> tuple[float, Interval] | None:
    """Return the mean slope over games, and its 95 % interval with the games as a sample (t); None for fewer than three."""
    if len(slopes) < 3:
        return None
    values = np.array([own.slope for own in slopes])
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()), (float(values.mean()) - half, float(values.mean()) + half)


def crosses_zero(interval: Interval) -> bool:
    """Return whether 0 lies in an interval."""
    return interval[0] <= 0 <= interval[1]


def lineages_of(evidence: Evidence, models: Iterable[str]) -> tuple[str, ...]:
    """Return the lineage of each model."""
    return tuple(evidence.lineage(model) for model in models)


def _worth(evidence: Evidence, known: pl.DataFrame) -> tuple[Sample, Numbers, Numbers]:
    """Return the sample of some models, the worth of each model and game, and ln(P) of each model."""
    sample = evidence.sample.only(known["model"].to_list())
    return sample, points(sample.played, sample.quality), np.log(known["parameters"].to_numpy())


def _fit(evidence: Evidence, sample: str, frame: pl.DataFrame, *, data: bool) -> SizeRegression | None:
    regressors = {LN_P: np.log(frame["parameters"].to_numpy())}
    if data:
        regressors[LN_D] = np.log(frame["training_tokens"].to_numpy())
    if len(frame) < FEWEST + data:
        return None
    y, lineages = frame["clemscore"].to_numpy(), lineages_of(evidence, frame["model"])
    try:
        fit = fit_least_squares(y, regressors)
    except ValueError:
        return None
    return SizeRegression(sample, frame, regressors, fit, lineages, clustered_coefficients(y, regressors, lineages))
