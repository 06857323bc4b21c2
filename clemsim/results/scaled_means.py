"""The mean of numbers on any scale, over the episodes of one game, with an interval.

The lowest and the highest number that is given are taken as the ends of the scale; on that scale the mean is a ratio over
instances, and has the interval of every other score (`clemsim.results.means`): episodes of one instance belong together, and
ten wins in ten games do not make a certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clemsim.results.intervals import Interval
from clemsim.results.means import mean_over_games
from clemsim.results.ratios import ratio

Values = Mapping[str, Sequence[float]]  # by instance
DIGITS = 4


def scaled_mean(values: Values, low: float, high: float) -> tuple[float | None, Interval | None]:
    """Return the mean of all values and its 95 % interval, on a scale from `low` to `high`, in which they all lie.

    There is no mean without values, and no interval for fewer than five instances or a scale of one point.
    """
    everything = [value for own in values.values() for value in own]
    if not everything:
        return None, None
    mean, width = sum(everything) / len(everything), high - low
    if width <= 0:
        return round(mean, DIGITS), None
    known = [own for own in values.values() if own]
    found = ratio([sum((value - low) / width for value in own) for own in known], [float(len(own)) for own in known])
    ends = None if found is None or (over := mean_over_games([found])) is None else over.interval()
    interval = None if ends is None else (round(low + width * ends[0], DIGITS), round(low + width * ends[1], DIGITS))
    return round(mean, DIGITS), interval
