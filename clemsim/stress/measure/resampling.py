"""Intervals of throughputs and of what follows from them: a knee, the ratio of two servers.

A throughput is no score of instances but a rate over time, measured in successive parts of a stage, so that the intervals of
`clemsim.results` do not apply: the parts, or the stages, are drawn anew instead.
"""

from __future__ import annotations

from collections.abc import Iterable

from clemsim.results.intervals import Interval


def resampled_interval(statistics: Iterable[float]) -> Interval:
    """Return the 95 % interval of a statistic from its resampled values (percentile bootstrap; Efron 1979): of n values in
    order, those with index 0.025 n and 0.975 n - 1, without interpolation. There are at least 40 values.
    """
    values = sorted(statistics)
    return values[int(0.025 * len(values))], values[int(0.975 * len(values)) - 1]
