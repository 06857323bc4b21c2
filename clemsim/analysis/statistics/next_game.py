"""Which game to play next: by how much each would lessen what is not known (Chaloner and Verdinelli 1995: A-optimality)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from clemsim.analysis.statistics.additive import Seating, contrasts, design
from clemsim.analysis.statistics.averages import Numbers
from clemsim.analysis.statistics.rating import RatingFit

VAGUE = 50.0**2  # prior variance of an effect in points of 100: nearly nothing is known before it is played


def rating_gain(fit: RatingFit, models: Sequence[str], game: tuple[str, str, str, tuple[str, str]], count: int) -> float:
    """Return by what share `count` more games (first, second, game, seats) are expected to lessen the mean variance of the
    differences in strength between all models: the information of a game at the estimates is added to what is known.
    """
    covariance, wanted = fit.covariance, np.zeros_like(fit.covariance)
    for one, other in combinations(models, 2):
        contrast = np.zeros(len(fit.keys))
        for name, sign in ((one, 1.0), (other, -1.0)):
            if ("model", name) in fit.keys:
                contrast[fit.keys.index(("model", name))] = sign
        wanted += np.outer(contrast, contrast)
    features, base = fit.line(*game)
    weights = base + features @ fit.estimates
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    centred = (features - chances @ features) * np.sqrt(chances)[:, None]
    return _gain(covariance, wanted, centred * np.sqrt(count))


def seating_gain(
    seatings: Sequence[Seating], values: Sequence[float], agents: Mapping[str, Sequence[str]], seating: Seating, count: int
) -> float:
    """Return by what share `count` more episodes of a seating are expected to lessen the mean variance of the effects of
    seats and agents (`fit_effects`), of which nearly nothing is known before they are played.
    """
    x = design(seatings, agents)
    y = np.array(values, dtype=float)
    size = x.shape[1]
    left = y - x @ np.linalg.lstsq(x, y)[0]
    noise = max(float(left @ left) / max(1, len(y) - size), 1.0)
    prior = np.diag([0.0, *[1 / VAGUE] * (size - 1)])
    covariance = np.linalg.inv(x.T @ x / noise + prior)
    wanted = sum((np.outer(row, row) for row in contrasts(agents).values()), np.zeros((size, size)))
    row = design([seating], agents) * np.sqrt(count / noise)
    return _gain(covariance, wanted, row)


def _gain(covariance: Numbers, wanted: Numbers, rows: Numbers) -> float:
    """Return the share of trace(wanted covariance) that goes with the information rows' rows (Woodbury 1950)."""
    across = covariance @ rows.T
    after = covariance - across @ np.linalg.solve(np.eye(len(rows)) + rows @ across, across.T)
    before = float(np.trace(wanted @ covariance))
    return 0.0 if before <= 0 else 1 - float(np.trace(wanted @ after)) / before
