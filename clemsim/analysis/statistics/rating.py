"""Bradley-Terry ratings of models that met each other, with the advantage of a seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval, Z

RIDGE = 0.25  # 1 / variance of the prior that keeps ratings finite where a model has won or lost everything
STEPS = 100


@dataclass(frozen=True, slots=True)
class RatedGame:
    """A game of `first`, in the first seat, against `second`. `score`: 1 the first won, 0 the second, 0.5 neither."""

    first: str
    second: str
    score: float
    instance: str = ""


@dataclass(frozen=True, slots=True)
class RatedModel:
    """Strength on the logit scale (0: the average of all models), its standard error and 95 % interval, and games played."""

    model: str
    strength: float
    error: float
    interval: Interval
    games: int


@dataclass(frozen=True, slots=True)
class Rating:
    """All models, strongest first, and the advantage of the first seat (logit).

    `penalised`: a prior keeps the ratings finite.
    """

    models: tuple[RatedModel, ...]
    seat: float
    seat_error: float
    seat_interval: Interval
    penalised: bool

    def expected(self, first: str, second: str) -> float:
        """Return the probability that `first`, in the first seat, beats `second`."""
        strength = {rated.model: rated.strength for rated in self.models}
        return float(expit(strength[first] - strength[second] + self.seat))


def rate(games: Sequence[RatedGame]) -> Rating:
    """Fit logit P(first wins) = strength(first) - strength(second) + seat (Bradley and Terry 1952; order effect: Davidson
    and Beaver 1977; a draw is half a win for both) by Newton's method, with errors clustered by instance (Huber 1967;
    Liang and Zeger 1986).

    Where the games do not connect all models (Ford 1957: a model won or lost everything), a normal prior of variance 4
    keeps ratings finite, and errors are those of the posterior. Raises ValueError for fewer than two models, or a score
    outside 0..1.
    """
    names = sorted({name for game in games for name in (game.first, game.second)})
    if len(names) < 2:
        raise ValueError("a rating needs games between two models or more")
    if any(not 0 <= game.score <= 1 for game in games):
        raise ValueError("a score of a game is 1, 0, or something between")
    design = _design(games, names)
    y = np.array([game.score for game in games])
    penalised = not _is_connected(games, names)
    penalty = np.diag([RIDGE if penalised else 0.0] * len(names) + [RIDGE if penalised else 0.0])
    beta, covariance = _solve(design, y, penalty, [game.instance or str(index) for index, game in enumerate(games)])
    errors = np.sqrt(np.maximum(np.diag(covariance), 0))
    count = {name: sum(name in (game.first, game.second) for game in games) for name in names}
    rated = [
        RatedModel(name, float(beta[index]), float(errors[index]), _around(beta[index], errors[index]), count[name])
        for index, name in enumerate(names)
    ]
    seat, error = float(beta[-1]), float(errors[-1])
    return Rating(tuple(sorted(rated, key=lambda model: -model.strength)), seat, error, _around(seat, error), penalised)


def _design(games: Sequence[RatedGame], names: Sequence[str]) -> Numbers:
    column = {name: index for index, name in enumerate(names)}
    design = np.zeros((len(games), len(names) + 1))
    for row, game in enumerate(games):
        design[row, column[game.first]] += 1
        design[row, column[game.second]] -= 1
    design[:, -1] = 1
    return design


def _solve(x: Numbers, y: Numbers, penalty: Numbers, clusters: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Return estimates that sum to zero over models, and their sandwich covariance."""
    models = x.shape[1] - 1
    centre = np.eye(models + 1)
    centre[:models, :models] -= 1 / models
    beta = np.zeros(models + 1)
    for _ in range(STEPS):
        chance = expit(x @ beta)
        bread = np.linalg.pinv((x * (chance * (1 - chance))[:, None]).T @ x + penalty)
        step = centre @ bread @ (x.T @ (y - chance) - penalty @ beta)
        beta = beta + step * min(1.0, 2 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-10:
            break
    residual = x * (y - expit(x @ beta))[:, None]
    sums: dict[str, Numbers] = {}
    for cluster, row in zip(clusters, residual, strict=True):
        sums[cluster] = sums.get(cluster, 0) + row
    meat = sum((np.outer(row, row) for row in sums.values()), np.zeros_like(bread))
    factor = len(sums) / max(1, len(sums) - 1)
    if penalty.any():  # a model won or lost everything: the residuals have no spread for a sandwich
        return beta, centre @ bread @ centre.T
    return beta, factor * centre @ bread @ meat @ bread @ centre.T


def _is_connected(games: Sequence[RatedGame], names: Sequence[str]) -> bool:
    """Return whether a chain of wins leads from every model to every other."""
    won: dict[str, set[str]] = {name: set() for name in names}
    for game in games:
        if game.score > 0:
            won[game.first].add(game.second)
        if game.score < 1:
            won[game.second].add(game.first)
    lost = {name: {other for other in names if name in won[other]} for name in names}
    return all(_reachable(names[0], edges) == set(names) for edges in (won, lost))


def _reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    reached, frontier = {start}, [start]
    while frontier:
        fresh = edges[frontier.pop()] - reached
        reached |= fresh
        frontier += fresh
    return reached


def _around(value: float, error: float) -> Interval:
    return float(value - Z * error), float(value + Z * error)
