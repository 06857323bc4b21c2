"""The fits of clemscore to size: regressions, rank correlations, size within families, and a mixed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers, points
from clemsim.analysis.statistics.groups import FamilySlope, slope_within_families
from clemsim.analysis.statistics.mixed import MixedModel, fit_mixed_model
from clemsim.analysis.statistics.ranks import RankCorrelation, rank_correlation
from clemsim.analysis.statistics.regression import Fit, fit_least_squares

LN_P, LN_D = "ln(P)", "ln(D)"
ALL, BOTH = "all with parameters", "with parameters and training data"
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
    """A regression of clemscore, the models it is fitted to (`frame`), and the name of that sample."""

    sample: str
    frame: pl.DataFrame
    regressors: dict[str, Numbers]
    fit: Fit

    @property
    def formula(self) -> str:
        """The formula, such as `clemscore ~ ln(P)`."""
        return f"clemscore ~ {' + '.join(self.regressors)}"


@dataclass(frozen=True)
class SizeFits:
    """All fits of clemscore to size. `regressions` is not empty; other fits are None where there are too few models.

    `correlations`: rank correlations of clemscore, by characteristic.
    """

    regressions: tuple[SizeRegression, ...]
    correlations: Mapping[str, RankCorrelation]
    family_slope: FamilySlope | None
    mixed_model: MixedModel | None


def fit_regressions(known: pl.DataFrame, both: pl.DataFrame) -> tuple[SizeRegression, ...]:
    """Fit clemscore to ln(P) and to ln(P) + ln(D); what cannot be fitted is left out.

    `known`: the models with known parameters; `both`: those with known training data as well. Where both are the same
    models, ln(P) alone is fitted once.
    """
    alone = None if len(both) == len(known) else _fit(BOTH, both, data=False)
    fits = (_fit(ALL, known, data=False), alone, _fit(BOTH, both, data=True))
    return tuple(regression for regression in fits if regression)


def correlate(facts: pl.DataFrame) -> dict[str, RankCorrelation]:
    """Return the rank correlation of clemscore with each characteristic that enough models have."""
    correlations: dict[str, RankCorrelation] = {}
    for field, name in RANKED.items():
        known = facts.filter(pl.col(field).is_not_null())
        x = known[field].to_physical().cast(pl.Float64).to_numpy()
        try:
            correlations[name] = rank_correlation(x, known["clemscore"].to_numpy())
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
    """Fit the mean score of an episode (0..100, aborted as 0) of each model and game by ln(P), with model and game as
    random effects; None where there are too few of them.
    """
    sample = evidence.sample.only(known["model"].to_list())
    worth = points(sample.played, sample.quality)
    cells = [(m, g) for m in range(worth.shape[0]) for g in range(worth.shape[1]) if not np.isnan(worth[m, g])]
    ln_p = np.log(known["parameters"].to_numpy())
    random = {"model": [sample.models[m] for m, _ in cells], "game": [sample.games[g] for _, g in cells]}
    if len(known) < ENOUGH or len(sample.games) < 3:
        return None
    try:
        y, x = np.array([worth[m, g] for m, g in cells]), np.array([ln_p[m] for m, _ in cells])
        return fit_mixed_model(y, {LN_P: x}, random)
    except ValueError:
        return None


def _fit(sample: str, frame: pl.DataFrame, *, data: bool) -> SizeRegression | None:
    regressors = {LN_P: np.log(frame["parameters"].to_numpy())}
    if data:
        regressors[LN_D] = np.log(frame["training_tokens"].to_numpy())
    if len(frame) < FEWEST + data:
        return None
    try:
        return SizeRegression(sample, frame, regressors, fit_least_squares(frame["clemscore"].to_numpy(), regressors))
    except ValueError:
        return None
