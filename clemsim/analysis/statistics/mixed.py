"""Mixed models, in which games and instances are a sample too."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class Effect:
    """A fixed effect with its standard error, 95 % interval and p value."""

    name: str
    value: float
    error: float
    interval: Interval
    p: float


@dataclass(frozen=True, slots=True)
class MixedModel:
    """Fixed effects, and the standard deviation of each random effect and of the residual.

    `converged`: whether the fit converged; if not, its numbers are not to be trusted.
    """

    effects: tuple[Effect, ...]
    deviations: Mapping[str, float]
    n: int
    converged: bool


def fit_mixed_model(
    y: Numbers,
    fixed: Mapping[str, Numbers],
    random: Mapping[str, Sequence[str]],
    within: Sequence[str] | None = None,
    *,
    slopes: Mapping[str, Numbers] | None = None,
    df: float | None = None,
) -> MixedModel:
    """Fit a linear mixed model by restricted maximum likelihood (Laird and Ware 1982; crossed effects: Baayen, Davidson and
    Bates 2008) with an intercept, fixed effects, and a random intercept for every level of each name in `random`.

    `within`: the groups in which all random levels are nested, such as the game of instances; it gets an intercept too,
    under the name `game`. `slopes`: names in `random` that have a random slope of these numbers instead of an intercept.
    `df`: degrees of freedom of t for intervals and p values; None: observations less fixed effects.

    Raises ValueError where the model cannot be fitted.
    """
    design = np.column_stack([np.ones(len(y)), *fixed.values()])
    groups = np.asarray(within if within is not None else ["all"] * len(y))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `converged` reports the same
            nested = {"exog_re": np.ones((len(y), 1))} if within is not None else {"exog_re": None}
            model = MixedLM(y, design, groups, exog_vc=_components(random, groups, slopes or {}), **nested)
            if within is None:
                model.k_re = 0
            result = model.fit(reml=True, method="lbfgs")
            errors = np.asarray(result.bse_fe)
    except (np.linalg.LinAlgError, ValueError) as error:
        raise ValueError(f"the mixed model cannot be fitted: {error}") from error
    freedom = len(y) - design.shape[1] if df is None else df
    effects = tuple(
        _effect(name, float(value), float(error), freedom)
        for name, value, error in zip(("intercept", *fixed), result.fe_params, errors, strict=True)
    )
    deviations = {name: float(np.sqrt(max(0.0, value))) for name, value in zip(random, result.vcomp, strict=True)}
    if within is not None:
        deviations = {"game": float(np.sqrt(max(0.0, result.cov_re[0, 0]))), **deviations}
    return MixedModel(effects, {**deviations, "residual": float(np.sqrt(result.scale))}, len(y), bool(result.converged))


def _effect(name: str, value: float, error: float, freedom: float) -> Effect:
    half = float(stats.t.ppf(0.975, freedom)) * error
    p = 2 * float(stats.t.sf(abs(value) / error, freedom)) if error > 0 else 1.0
    return Effect(name, value, error, (value - half, value + half), p)


def _components(random: Mapping[str, Sequence[str]], groups: np.ndarray, slopes: Mapping[str, Numbers]) -> VCSpec:
    """Return the design of each random effect in each group: a column for every level that occurs in it."""
    members = {group: np.flatnonzero(groups == group).tolist() for group in sorted(set(groups.tolist()))}
    names, columns, designs = list(random), [], []
    for name, levels in random.items():
        indicators = [_indicators([levels[index] for index in rows]) for rows in members.values()]
        columns.append([levels_in_group for levels_in_group, _ in indicators])
        sizes = [slopes[name][rows, None] if name in slopes else 1.0 for rows in members.values()]
        designs.append([design * size for (_, design), size in zip(indicators, sizes, strict=True)])
    return VCSpec(names, columns, designs)


def _indicators(levels: Sequence[str]) -> tuple[list[str], Numbers]:
    names = sorted(set(levels))
    return names, np.array([[float(level == name) for name in names] for level in levels])
