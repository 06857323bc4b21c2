"""The number of episodes that decides a comparison."""

from __future__ import annotations

import math

from scipy import stats

POWER, LEVEL = 0.8, 0.05


def more_episodes(difference: float, error: float, episodes: int, power: float = POWER, level: float = LEVEL) -> int | None:
    """Return the number of further episodes that show a true difference of this size with `power` at `level`: 0 where
    there are enough, None for a difference of 0, which no number decides.

    An error falls with the root of the number of instances (Cohen 1988; for language models, Miller 2024, arXiv
    2411.00640), so n' = n x ((z_level/2 + z_power) x error / difference)^2, with all games growing alike. The
    difference is itself an estimate: the number is an order of magnitude.
    """
    if difference == 0:
        return None
    needed = float(stats.norm.ppf(1 - level / 2) + stats.norm.ppf(power)) * error / abs(difference)
    return max(0, math.ceil(episodes * needed**2) - episodes)
