"""Quantiles of the beta and of Student's t distribution, so that a run's table needs no numerical library."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

TINY = 1e-300
STEPS = 200  # of the continued fraction, and of the search for a quantile; both end far earlier

LIKE_NORMAL = 1e6  # degrees of freedom from which t is the normal distribution in six digits

NORMAL = NormalDist()


def beta_share(x: float, a: float, b: float) -> float:
    """Return the probability of a value up to `x` (0..1) of the beta distribution with the parameters a, b > 0 (the
    regularised incomplete beta function, by its continued fraction; Press et al. 2007, section 6.4).
    """
    if not 0 < x < 1:
        return float(x >= 1)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(x, a, b) / a
    return 1 - math.exp(log_front) * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function (Lentz's method); the hot loop of all intervals."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or TINY)
    value = d
    for m in range(1, STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + term * d or TINY)
            c = 1 + term / c or TINY
            change = c * d
            value *= change
        if -1e-14 < change - 1 < 1e-14:
            break
    return value


@lru_cache(maxsize=4096)
def beta_quantile(share: float, a: float, b: float) -> float:
    """Return the value that a share (0..1) of the beta distribution with the parameters a, b > 0 does not exceed."""
    low, high = 0.0, 1.0
    x = _near_quantile(share, a, b)
    log_scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(STEPS):
        error = beta_share(x, a, b) - share
        low, high = (low, x) if error > 0 else (x, high)
        density = math.exp(log_scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)) if 0 < x < 1 else 0.0
        newton = x - error / density if density else -1.0
        after = newton if low < newton < high else (low + high) / 2
        if abs(after - x) <= 1e-10 * min(x, 1 - x) or not 0 < after < 1:
            return min(1.0, max(0.0, after))
        x = after
    return x


def _near_quantile(share: float, a: float, b: float) -> float:
    """Return a value near that quantile, from which Newton's method needs few steps (Press et al. 2007, section 6.14)."""
    if min(a, b) < 1:
        below, above = (a / (a + b)) ** a / a, (b / (a + b)) ** b / b
        both = below + above
        x = (a * both * share) ** (1 / a) if share < below / both else 1 - (b * both * (1 - share)) ** (1 / b)
    else:
        z = NORMAL.inv_cdf(min(1 - 1e-16, max(TINY, share)))
        first, second = 1 / (2 * a - 1), 1 / (2 * b - 1)
        bend, scale = (z * z - 3) / 6, 2 / (first + second)
        w = -z * math.sqrt(max(0.0, bend + scale)) / scale - (second - first) * (bend + 5 / 6 - 2 / (3 * scale))
        x = a / (a + b * math.exp(min(700.0, 2 * w)))
    return float(min(1 - 1e-16, max(TINY, x)))


@lru_cache(maxsize=4096)
def t_quantile(share: float, df: float) -> float:
    """Return the value that a share (0.5..1) of Student's t distribution with `df` > 0 degrees of freedom does not exceed;
    of the normal distribution where `df` is infinite.
    """
    if df > LIKE_NORMAL:
        return NORMAL.inv_cdf(share)
    x = beta_quantile(2 * (1 - share), df / 2, 0.5)
    return math.sqrt(df * (1 / x - 1)) if x > 0 else math.inf
