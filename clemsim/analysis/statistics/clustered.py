"""Errors of least squares where observations come in clusters, such as the models of one family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval

ENOUGH = 8  # observations, for a curve to be told from a line
FEWEST = 3  # clusters; of fewer no spread between clusters can be told


@dataclass(frozen=True, slots=True)
class ClusteredCoefficient:
    """A coefficient with its clustered error, the degrees of freedom of that error, 95 % interval and p value."""

    name: str
    value: float
    error: float
    df: float
    interval: Interval
    p: float


@dataclass(frozen=True, slots=True)
class WithoutCluster:
    """A fit without one cluster: the observations in it, and R² and the slope of the first regressor without it."""

    name: str
    size: int
    r_squared: float
    slope: float


def clustered_coefficients(
    y: Numbers, regressors: Mapping[str, Numbers], clusters: Sequence[str]
) -> tuple[ClusteredCoefficient, ...]:
    """Return the coefficients of least squares with an intercept, with errors that hold where observations of one cluster
    depend on each other: bias-reduced linearisation (CR2), and t with Satterthwaite's degrees of freedom (Bell and McCaffrey
    2002; Pustejovsky and Tipton 2018). None at all for fewer than three clusters.
    """
    x = np.column_stack([np.ones(len(y)), *regressors.values()])
    members = [np.flatnonzero([cluster == name for cluster in clusters]) for name in dict.fromkeys(clusters)]
    if len(members) < FEWEST:
        return ()
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    residual = y - x @ beta
    annihilator = np.eye(len(y)) - x @ bread @ x.T
    adjusted = [_inverse_root(annihilator[np.ix_(rows, rows)]) @ x[rows] @ bread for rows in members]
    scores = np.array([own.T @ residual[rows] for own, rows in zip(adjusted, members, strict=True)])
    variances = (scores**2).sum(axis=0)
    found = []
    for index, name in enumerate(("intercept", *regressors)):
        spans = np.stack([annihilator[:, rows] @ own[:, index] for own, rows in zip(adjusted, members, strict=True)], axis=1)
        products = spans.T @ spans
        df = float(np.trace(products) ** 2 / (products**2).sum())
        value, error = float(beta[index]), float(np.sqrt(variances[index]))
        half = float(stats.t.ppf(0.975, df)) * error
        p = 2 * float(stats.t.sf(abs(value) / error, df)) if error > 0 else 0.0
        found.append(ClusteredCoefficient(name, value, error, df, (value - half, value + half), p))
    return tuple(found)


def without_clusters(y: Numbers, regressors: Mapping[str, Numbers], clusters: Sequence[str]) -> list[WithoutCluster]:
    """Return the fit without each cluster in turn, the one with the lowest slope first; what can't be fitted is left out."""
    x, rows = np.column_stack([np.ones(len(y)), *regressors.values()]), []
    for name in dict.fromkeys(clusters):
        rest = np.array([cluster != name for cluster in clusters])
        if rest.sum() <= x.shape[1] or np.linalg.matrix_rank(x[rest]) < x.shape[1] or np.ptp(y[rest]) == 0:
            continue
        beta, *_ = np.linalg.lstsq(x[rest], y[rest])
        residual = y[rest] - x[rest] @ beta
        r_squared = 1 - residual @ residual / ((y[rest] - y[rest].mean()) ** 2).sum()
        rows.append(WithoutCluster(name, int((~rest).sum()), float(r_squared), float(beta[1])))
    return sorted(rows, key=lambda row: row.slope)


def quadratic_p(y: Numbers, x: Numbers) -> float | None:
    """Return the p value of the square of x beside x (t test; Cook and Weisberg 1999, section 14.1.2): a test of whether a
    straight line fits. None for fewer than eight observations.
    """
    if len(y) < ENOUGH or len(np.unique(x)) < 3:
        return None
    centred = x - x.mean()
    design = np.column_stack([np.ones(len(x)), centred, centred**2])
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ y
    residual, freedom = y - design @ beta, len(y) - 3
    error = float(np.sqrt(residual @ residual / freedom * bread[2, 2]))
    return 2 * float(stats.t.sf(abs(float(beta[2])) / error, freedom)) if error > 0 else 0.0


def _inverse_root(matrix: Numbers) -> Numbers:
    """Return the square root of the pseudo-inverse of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    roots = np.array([1 / np.sqrt(value) if value > 1e-10 else 0.0 for value in values])
    root: Numbers = (vectors * roots) @ vectors.T
    return root
