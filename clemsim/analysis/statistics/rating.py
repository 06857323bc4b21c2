"""Bradley-Terry ratings of models that met each other, with the advantage of a seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval

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

    `penalised`: a prior keeps the ratings finite. `names`, `estimates`: the models and their strengths, then the seat's.
    `covariances`: of the estimates; of several, each variance is the largest. `df`: degrees of freedom of t, the number of
    instances less one.
    """

    models: tuple[RatedModel, ...]
    seat: float
    seat_error: float
    seat_interval: Interval
    penalised: bool
    names: tuple[str, ...]
    estimates: Numbers
    covariances: tuple[Numbers, ...]
    df: int

    def expected(self, first: str, second: str) -> float:
        """Return the probability that `first`, in the first seat, beats `second`."""
        return float(expit(self._contrast(first, second, seat=1) @ self.estimates))

    def expected_interval(self, first: str, second: str) -> Interval:
        """Return the 95 % interval of `expected`."""
        low, high = self._ends(self._contrast(first, second, seat=1))
        return float(expit(low)), float(expit(high))

    def difference(self, first: str, second: str) -> tuple[float, Interval]:
        """Return the difference in strength first - second, and its 95 % interval, from the covariance of both."""
        contrast = self._contrast(first, second, seat=0)
        return float(contrast @ self.estimates), self._ends(contrast)

    def _contrast(self, first: str, second: str, seat: float) -> Numbers:
        contrast = np.zeros(len(self.estimates))
        contrast[self.names.index(first)] += 1
        contrast[self.names.index(second)] -= 1
        contrast[-1] = seat
        return contrast

    def _ends(self, contrast: Numbers) -> Interval:
        value, error = float(contrast @ self.estimates), _error(self.covariances, contrast)
        return _around(value, error, self.df)


def rate(games: Sequence[RatedGame]) -> Rating:
    """Fit logit P(first wins) = strength(first) - strength(second) + seat (Bradley and Terry 1952; order effect: Davidson
    and Beaver 1977; a draw is half a win for both) by Newton's method, with errors clustered by instance (Huber 1967;
    Liang and Zeger 1986).

    Intervals use t with as many degrees of freedom as there are instances, less one (Cameron and Miller 2015). Where the
    games do not connect all models (Ford 1957: a model won or lost everything), a normal prior of variance 4 keeps ratings
    finite, and errors are those of the posterior or the clustered ones, whichever are larger. Raises ValueError for fewer
    than two models, or a score outside 0..1.
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
    instances = [game.instance or f"game {index}" for index, game in enumerate(games)]
    beta, covariances = _solve(design, y, penalty, instances)
    df = max(1, len(set(instances)) - 1)
    errors = [_error(covariances, row) for row in np.eye(len(beta))]
    count = {name: sum(name in (game.first, game.second) for game in games) for name in names}
    rated = [
        RatedModel(name, float(beta[index]), errors[index], _around(beta[index], errors[index], df), count[name])
        for index, name in enumerate(names)
    ]
    seat, order = float(beta[-1]), tuple(sorted(rated, key=lambda model: -model.strength))
    ends = _around(seat, errors[-1], df)
    return Rating(order, seat, errors[-1], ends, penalised, tuple(names), beta, covariances, df)


def _design(games: Sequence[RatedGame], names: Sequence[str]) -> Numbers:
    column = {name: index for index, name in enumerate(names)}
    design = np.zeros((len(games), len(names) + 1))
    for row, game in enumerate(games):
        design[row, column[game.first]] += 1
        design[row, column[game.second]] -= 1
    design[:, -1] = 1
    return design


def _solve(x: Numbers, y: Numbers, penalty: Numbers, clusters: Sequence[str]) -> tuple[Numbers, tuple[Numbers, ...]]:
    """Return estimates that sum to zero over models, and their covariances: the sandwich and, with a prior, that of the
    posterior.
    """
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
    sandwich = factor * centre @ bread @ meat @ bread @ centre.T
    if penalty.any():  # a model won or lost everything: the residuals have too little spread for a sandwich
        return beta, (sandwich, centre @ bread @ centre.T)
    return beta, (sandwich,)


def _error(covariances: Sequence[Numbers], contrast: Numbers) -> float:
    """Return the standard error of a contrast of the estimates: the largest by any of their covariances."""
    return float(np.sqrt(max(0.0, *(float(contrast @ own @ contrast) for own in covariances))))


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


def _around(value: float, error: float, df: int) -> Interval:
    half = float(stats.t.ppf(0.975, df)) * error
    return float(value - half), float(value + half)
