"""Correlations as the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clemsim.analysis.statistics.correlations import Correlation, correlation
from clemsim.results.intervals import Interval

NO_ENDS = (None, None)


def correlated(x: Sequence[float | None], y: Sequence[float | None]) -> Correlation | None:
    """Return the correlation of the pairs of which both numbers are known; None for fewer than three, or without spread."""
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if a is not None and b is not None]
    if len(pairs) < 3:
        return None
    first, second = np.array(pairs, dtype=float).T
    try:
        return correlation(first, second)
    except ValueError:
        return None


def cells_of(own: Correlation | None) -> dict[str, float | None]:
    """Return Pearson's, Spearman's and Kendall's coefficient, each with its 95 % interval and its p value."""
    if own is None:
        parts: dict[str, tuple[float | None, Interval | None, float | None]] = dict.fromkeys(NAMES, (None, None, None))
    else:
        ranks = own.ranks
        values = ((own.r, own.r_interval, own.r_p), (ranks.rho, ranks.rho_interval, ranks.rho_p))
        parts = dict(zip(NAMES, (*values, (ranks.tau, ranks.tau_interval, ranks.tau_p)), strict=True))
    cells: dict[str, float | None] = {}
    for name, (value, ends, p) in parts.items():
        low, high = ends or NO_ENDS
        cells |= {name: value, f"{name}_low": low, f"{name}_high": high, f"{name}_p": p}
    return cells


NAMES = ("pearson", "spearman", "kendall")
