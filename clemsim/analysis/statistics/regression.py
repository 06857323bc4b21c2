"""Ordinary least squares with robust errors, influence, and inverse prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.outliers_influence import OLSInfluence

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate with its classical and its HC3 standard error, p values and 95 % intervals."""

    name: str
    value: float
    error: float
    p: float
    interval: Interval
    robust_error: float
    robust_p: float
    robust_interval: Interval


@dataclass(frozen=True, slots=True)
class Influence:
    """The influence of one observation on a fit.

    `r_squared`, `slope`: of the fit without it; the slope is that of the first regressor.
    """

    name: str
    leverage: float
    studentised: float
    cook: float
    dffits: float
    r_squared: float
    slope: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit of y = X b: coefficients, R², the F test with its degrees of freedom, and what predictions need."""

    names: tuple[str, ...]
    coefficients: tuple[Coefficient, ...]
    n: int
    r_squared: float
    r_squared_adjusted: float
    f: float
    freedom: tuple[int, int]
    f_p: float
    sigma: float
    covariance: Numbers
    robust_covariance: Numbers

    def __getitem__(self, name: str) -> Coefficient:
        return next(coefficient for coefficient in self.coefficients if coefficient.name == name)

    @property
    def t(self) -> float:
        """The 97.5 % point of t at this fit's degrees of freedom."""
        return float(stats.t.ppf(0.975, self.freedom[1]))

    def band(self, design: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Return the fitted mean at rows (1, x, ...), and the ends of its 95 % band."""
        mean = design @ np.array([coefficient.value for coefficient in self.coefficients])
        half = self.t * np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        return mean, mean - half, mean + half


def fit_least_squares(y: Numbers, regressors: Mapping[str, Numbers]) -> Fit:
    """Fit least squares with an intercept. Robust errors are HC3 (MacKinnon and White 1985), which hold with unequal spread
    and are the best choice for small samples (Long and Ervin 2000); their p values use t.

    Raises ValueError with fewer observations than coefficients + 1, or regressors that depend on each other.
    """
    result = _ols(y, regressors)
    robust = result.get_robustcov_results("HC3", use_t=True)
    classical, robust_ends = result.conf_int(), robust.conf_int()
    names = (INTERCEPT, *regressors)
    coefficients = tuple(
        Coefficient(
            name,
            float(result.params[index]),
            float(result.bse[index]),
            float(result.pvalues[index]),
            (float(classical[index][0]), float(classical[index][1])),
            float(robust.bse[index]),
            float(robust.pvalues[index]),
            (float(robust_ends[index][0]), float(robust_ends[index][1])),
        )
        for index, name in enumerate(names)
    )
    return Fit(
        names,
        coefficients,
        int(result.nobs),
        float(result.rsquared),
        float(result.rsquared_adj),
        float(result.fvalue),
        (int(result.df_model), int(result.df_resid)),
        float(result.f_pvalue),
        float(np.sqrt(result.scale)),
        np.asarray(result.cov_params()),
        np.asarray(robust.cov_params()),
    )


def influence(y: Numbers, regressors: Mapping[str, Numbers], names: Sequence[str]) -> list[Influence]:
    """Return leverage, externally studentised residual, Cook's distance (Cook 1977) and DFFITS (Belsley, Kuh and Welsch
    1980) of each observation, and the fit without it; the largest Cook's distance first. Raises ValueError as `fit` does.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # of a fit without residuals, or of scores that are all the same
        return _influence(y, regressors, names)


def _influence(y: Numbers, regressors: Mapping[str, Numbers], names: Sequence[str]) -> list[Influence]:
    measures = OLSInfluence(_ols(y, regressors))
    rows = []
    for index, name in enumerate(names):
        rest = np.arange(len(names)) != index
        without = _ols(y[rest], {key: value[rest] for key, value in regressors.items()}, spare=0)
        row = Influence(
            name,
            leverage=float(measures.hat_matrix_diag[index]),
            studentised=float(measures.resid_studentized_external[index]),
            cook=float(measures.cooks_distance[0][index]),
            dffits=float(measures.dffits[0][index]),
            r_squared=float(without.rsquared),
            slope=float(without.params[1]),
        )
        rows.append(row)
    return sorted(rows, key=lambda row: -row.cook)


def inverse_prediction(line: Fit, score: float, *, new_model: bool = False) -> tuple[float, Interval | None]:
    """Return the x at which a fit with one regressor reaches `score`, and its 95 % interval by Fieller's theorem (Fieller
    1954; Draper and Smith 1998, section 3.2): all x whose fitted mean does not differ from `score`; with `new_model`, all
    x at which one more model could have that score.

    The interval is None where no bounded one exists, as the slope is not clearly different from zero.
    """
    intercept, slope = (coefficient.value for coefficient in line.coefficients)
    v = line.covariance
    t2 = line.t**2
    extra = line.sigma**2 if new_model else 0.0
    gap = intercept - score
    a = slope**2 - t2 * v[1, 1]
    b = 2 * (slope * gap - t2 * v[0, 1])
    c = gap**2 - t2 * (v[0, 0] + extra)
    root = b * b - 4 * a * c
    x = -gap / slope
    if a <= 0 or root < 0:
        return float(x), None
    ends = sorted((-b + sign * np.sqrt(root)) / (2 * a) for sign in (-1, 1))
    return float(x), (float(ends[0]), float(ends[1]))


def _ols(y: Numbers, regressors: Mapping[str, Numbers], spare: int = 1) -> OLS:
    design = np.column_stack([np.ones(len(y)), *regressors.values()])
    if len(y) < design.shape[1] + spare:
        raise ValueError(f"{len(y)} observations are too few for {design.shape[1]} coefficients")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("the regressors depend on each other, or one of them does not vary")
    return OLS(y, design).fit()
