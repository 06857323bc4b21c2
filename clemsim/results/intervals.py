"""The type of an interval, the quantile of the normal distribution for 95 %, and the interval of a share."""

from __future__ import annotations

Z = 1.959963984540054  # two-sided 95 %

Interval = tuple[float, float]  # its two ends


def wilson(successes: int, count: int) -> Interval:
    """Return a 95 % interval for the share of `successes` among `count` independent cases (Wilson 1927)."""
    share = successes / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * (share * (1 - share) / count + Z * Z / (4 * count * count)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
