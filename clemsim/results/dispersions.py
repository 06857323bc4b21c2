"""How unlike the instances of a game are, and how well that is known.

The dispersion of a game is the variance of its instances as a share of the largest that their mean allows, which is that of
yes-or-no outcomes. Where each instance has all or nothing it is 1. Repetitions and graded scores make it smaller; how much
smaller, few instances tell badly, above all near an end of the scale, where most instances are alike until one is not. So
the instances are taken as shares with a beta distribution: its kurtosis says how many degrees of freedom the variance has
(Box 1953), and a dispersion of which little is known is drawn to that of all games, and that to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clemsim.results.ratios import Ratio

PRIOR = 1.0  # degree of freedom that a game's dispersion gets from that of all games, and that from yes-or-no outcomes
EXACT = math.inf  # degrees of freedom of a variance that follows from the mean
SMALLEST = 1e-6  # dispersion whose shape is told apart from that of none


@dataclass(frozen=True, slots=True)
class Dispersion:
    """A dispersion, 0..1, and the degrees of freedom of the variance beyond what the mean tells of it."""

    value: float
    df: float


def dispersions(games: Sequence[Ratio]) -> list[Dispersion]:
    """Return the dispersion of each game."""
    together = _of_all(games)
    return [_of_game(game, together) for game in games]


def _of_all(games: Sequence[Ratio]) -> float:
    known = [(_freedom(game, 1.0), dispersion) for game in games if (dispersion := game.dispersion) is not None]
    return (PRIOR + sum(weight * dispersion for weight, dispersion in known)) / (PRIOR + sum(weight for weight, _ in known))


def _of_game(game: Ratio, together: float) -> Dispersion:
    if game.yes_no:
        return Dispersion(1.0, EXACT)
    seen = game.dispersion
    if seen is None:
        return Dispersion(together, PRIOR)
    weight = _freedom(game, 1.0)
    value = (seen * weight + PRIOR * together) / (weight + PRIOR)
    return Dispersion(value, _freedom_beside_mean(game, value) + PRIOR)


def _freedom(game: Ratio, dispersion: float) -> float:
    """Return the degrees of freedom of the variance of a game's instances."""
    _, kurtosis = _shape(game.smoothed, dispersion)
    return _degrees(game, kurtosis)


def _freedom_beside_mean(game: Ratio, dispersion: float) -> float:
    """Return the degrees of freedom of that variance as a multiple of mean * (1 - mean)."""
    skewness, kurtosis = _shape(game.smoothed, dispersion)
    slope = (1 - 2 * game.smoothed) * math.sqrt(dispersion / (game.smoothed * (1 - game.smoothed)))
    return _degrees(game, max(0.0, kurtosis - 2 * skewness * slope + slope * slope))


def _degrees(game: Ratio, excess: float) -> float:
    relative = excess / game.units + 2 / (game.units - 1)  # twice the variance of a variance, by its square
    return min(game.units - 1, 2 / relative) if relative > 0 else game.units - 1


def _shape(mean: float, dispersion: float) -> tuple[float, float]:
    """Return skewness and excess kurtosis of the beta distribution with this mean and dispersion; those of a yes-or-no
    outcome where the dispersion is 1 (Johnson, Kotz and Balakrishnan 1995, section 25.2).
    """
    total = 1 / max(dispersion, SMALLEST) - 1
    largest = mean * (1 - mean)
    skewness = 2 * (1 - 2 * mean) * math.sqrt((total + 1) / largest) / (total + 2)
    kurtosis = 6 * ((1 - 4 * largest) * (total + 1) - largest * (total + 2)) / (largest * (total + 2) * (total + 3))
    return skewness, kurtosis
