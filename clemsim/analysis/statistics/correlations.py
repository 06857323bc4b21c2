"""Pearson's correlation beside those of ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Numbers
from clemsim.analysis.statistics.ranks import EXACT, RankCorrelation, interval_around, orders, rank_correlation
from clemsim.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's r of n pairs with its 95 % interval (None for n = 3, and where r is 1 or -1) and p value, and the rank
    correlations of the same pairs.
    """

    n: int
    r: float
    r_interval: Interval | None
    r_p: float
    ranks: RankCorrelation


def correlation(x: Numbers, y: Numbers) -> Correlation:
    """Return the correlations of x and y. The interval of r is Fisher's z (Fisher 1921); its p is that of t or, for eight
    pairs or fewer, the share of all n! orders in which r is at least as far from 0 as here (Pitman 1937).

    Raises ValueError with fewer than three pairs, or where x or y does not vary.
    """
    ranks = rank_correlation(x, y)
    n, r = len(x), float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    return Correlation(n, r, interval_around(r, 1 / math.sqrt(n - 3) if n > 3 else None), _p(x, y, r), ranks)


def _p(x: Numbers, y: Numbers, r: float) -> float:
    if len(x) <= EXACT:
        products = np.abs((y[orders(len(x))] - y.mean()) @ (x - x.mean()))
        return float((products >= products[0] * (1 - 1e-9)).mean())  # the first order is as it was
    if abs(r) == 1:
        return 0.0
    freedom = len(x) - 2
    return 2 * float(stats.t.sf(abs(r) * math.sqrt(freedom / (1 - r * r)), freedom))
