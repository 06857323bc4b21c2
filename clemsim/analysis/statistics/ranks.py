"""Rank correlations with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval, Z


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman's rho and Kendall's tau-b of n pairs, their 95 % intervals and p values.

    An interval is None where n is too small.
    """

    n: int
    rho: float
    rho_interval: Interval | None
    rho_p: float
    tau: float
    tau_interval: Interval | None
    tau_p: float


def rank_correlation(x: Numbers, y: Numbers) -> RankCorrelation:
    """Return the rank correlations of x and y. The interval of rho is Fisher's z with the error of Bonett and Wright (2000),
    that of tau the same with the error of Fieller, Hartley and Pearson (1957).

    Raises ValueError with fewer than three pairs, or where x or y does not vary.
    """
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise ValueError("a rank correlation needs three pairs or more, and both numbers must vary")
    spearman, kendall = stats.spearmanr(x, y), stats.kendalltau(x, y)
    rho, tau, n = float(spearman.statistic), float(kendall.statistic), len(x)
    rho_error = math.sqrt((1 + rho**2 / 2) / (n - 3)) if n > 3 else None
    tau_error = math.sqrt(0.437 / (n - 4)) if n > 4 else None
    return RankCorrelation(
        *(n, rho, _around(rho, rho_error), float(spearman.pvalue)),
        *(tau, _around(tau, tau_error), float(kendall.pvalue)),
    )


def _around(value: float, error: float | None) -> Interval | None:
    if error is None or abs(value) >= 1:
        return None
    z = math.atanh(value)
    return math.tanh(z - Z * error), math.tanh(z + Z * error)
