"""Rank correlations with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval, Z

EXACT = 8  # pairs; for so many or fewer the p value comes from all orders


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman's rho and Kendall's tau-b of n pairs, their 95 % intervals and p values: exact for eight pairs or fewer.

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
    rho_p, tau_p = float(spearman.pvalue), float(kendall.pvalue)
    if n <= EXACT:
        rho_p, tau_p = _exact(x, y)
    return RankCorrelation(*(n, rho, interval_around(rho, rho_error), rho_p), *(tau, interval_around(tau, tau_error), tau_p))


def _exact(x: Numbers, y: Numbers) -> tuple[float, float]:
    """Return the two-sided p values of rho and tau: the shares of all n! orders in which they are at least as far from 0 as
    they are here (Kendall 1938). Ties keep their mean ranks.
    """
    first, second = (stats.rankdata(values) for values in (x, y))
    shuffled = second[orders(len(x))]
    products = np.abs((shuffled - second.mean()) @ (first - first.mean()))
    i, j = np.triu_indices(len(x), 1)
    concordance = np.abs(np.sign(shuffled[:, i] - shuffled[:, j]) @ np.sign(first[i] - first[j]))
    far = [(measure >= measure[0] - 1e-9).mean() for measure in (products, concordance)]  # the first order is as it was
    return float(far[0]), float(far[1])


@cache
def orders(count: int) -> NDArray[np.int64]:
    """Return all orders of so many things, a row for each; the first is that in which they are."""
    return np.array(list(permutations(range(count))))


def interval_around(value: float, error: float | None) -> Interval | None:
    """Return the 95 % interval of a correlation whose Fisher's z has this error; None without an error, and at 1 or -1."""
    if error is None or abs(value) >= 1 - 1e-12:
        return None
    z = math.atanh(value)
    return math.tanh(z - Z * error), math.tanh(z + Z * error)
