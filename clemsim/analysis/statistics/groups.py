"""Groups of models: by size, and the slope of size within families."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats
from statsmodels.regression.linear_model import OLS

from clemsim.analysis.statistics.averages import Numbers
from clemsim.analysis.statistics.clustered import clustered_coefficients
from clemsim.results.intervals import Interval

EDGES = (0, 6, 10, 60, 100, 200, 1000, 2000)  # billions of parameters; a bucket holds its upper edge (Bhavsar et al. 2024)


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread of the values of a group. `deviation` (n - 1) is None for fewer than two values."""

    n: int
    low: float
    mean: float
    median: float
    high: float
    deviation: float | None

    @property
    def width(self) -> float:
        """The highest value minus the lowest."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class FamilySlope:
    """The slope of size within families, in points of score for each unit of ln(parameters).

    `kind`: that of its error, clustered by family or, of fewer than three families, HC3.
    """

    families: int
    n: int
    slope: float
    error: float
    interval: Interval
    p: float
    kind: str


def bucket(parameters: float) -> str | None:
    """Return the bucket of a size in billions, such as `(6,10]`; None beyond the last."""
    for low, high in pairwise(EDGES):
        if low < parameters <= high:
            return f"({low},{high}]"
    return None


def buckets() -> list[str]:
    """Return the names of all buckets, smallest first."""
    return [f"({low},{high}]" for low, high in pairwise(EDGES)]


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of a group. Raises ValueError for an empty one."""
    if not values:
        raise ValueError("an empty group has no spread")
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(len(values), min(values), float(np.mean(values)), float(np.median(values)), max(values), deviation)


def slope_within_families(score: Numbers, ln_size: Numbers, families: Sequence[str]) -> FamilySlope:
    """Fit the slope of size inside families (fixed effects of the family; Wooldridge 2010, section 10.5), so that the
    training that a family shares is not taken for an effect of size.

    Errors are clustered by family (CR2) or, for fewer than three families, HC3. Only families with models of different sizes
    count. Raises ValueError unless such families have two models more than there are families.
    """
    sizes: dict[str, set[float]] = {}
    for family, size in zip(families, ln_size, strict=True):
        sizes.setdefault(family, set()).add(float(size))
    keep = np.array([len(sizes[family]) > 1 for family in families], dtype=bool)
    kept = [family for family, is_kept in zip(families, keep, strict=True) if is_kept]
    names = list(Counter(kept))
    if len(kept) < len(names) + 2:
        raise ValueError("too few families have models of several sizes")
    dummies = np.array([[float(family == name) for name in names] for family in kept])
    others = {name: dummies[:, index] for index, name in enumerate(names) if index}
    clustered = clustered_coefficients(score[keep], {"ln(P)": ln_size[keep], **others}, kept)
    if clustered:
        own = clustered[1]
        return FamilySlope(len(names), len(kept), own.value, own.error, own.interval, own.p, "clustered by family")
    result = OLS(score[keep], np.column_stack([ln_size[keep], dummies])).fit()
    robust = result.get_robustcov_results("HC3", use_t=True)
    error = float(robust.bse[0])
    half = float(stats.t.ppf(0.975, result.df_resid)) * error
    slope = float(result.params[0])
    return FamilySlope(len(names), len(kept), slope, error, (slope - half, slope + half), float(robust.pvalues[0]), "HC3")
