"""Bradley-Terry ratings of models that met each other, with draws and the advantage of a seat, or on a fixed scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log

import numpy as np
from scipy import stats
from scipy.special import expit

from clemsim.analysis.statistics.averages import Numbers
from clemsim.analysis.statistics.davidson import (
    Likelihood,
    is_estimable,
    maximum,
    profile_interval,
    pseudo_inverse,
)
from clemsim.results.intervals import Interval

PRIOR = 0.25  # 1 / variance of the prior that keeps ratings finite where a model has won or lost everything
LIMIT, LOOSER = 1e-7, 1e-4  # priors so wide that they only keep Newton's method from running away
MOVED = 0.3  # by which an estimate moves from the looser of the two to the other where it has no finite maximum
TAIL = -2 * log(0.025)  # in twice the logarithm of a likelihood: what was seen has a probability of 2.5 %
SEATS = ("first", "second")

Key = tuple[str, ...]  # a parameter: ("model", name), ("seat", game, seat) or ("draws", game)


@dataclass(frozen=True, slots=True)
class RatedGame:
    """A game of `first` against `second`, in these seats. `score`: 1 the first won, 0 the second, 0.5 a draw; what lies
    between is that part of a win. `weight`: of a game that is one of several in an episode.
    """

    first: str
    second: str
    score: float
    instance: str = ""
    game: str = ""
    seats: tuple[str, str] = SEATS
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class RatedModel:
    """Strength on the logit scale (0: the average of all models, or that of a fixed scale), its 95 % interval, of which an
    end may be infinite, and its games against others: all, won, drawn and lost. `fixed`: its strength was given.
    """

    model: str
    strength: float
    interval: Interval
    games: int
    won: int
    drawn: int
    lost: int
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class SeatEffect:
    """The advantage (logit) of a seat of a game over the other or, where there are more, over their average (`over`)."""

    game: str
    seat: str
    over: str
    advantage: float
    interval: Interval
    games: int


@dataclass(frozen=True)
class FixedScale:
    """What was estimated before and stays: strengths by model, advantages by game and seat, log of Davidson's parameter by
    game.
    """

    models: Mapping[str, float] = field(default_factory=dict)
    seats: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    draws: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rating:
    """All models, strongest first, and the seats of each game.

    `penalised`: a prior keeps the ratings finite; intervals do not use it. `instances`: the clusters of the intervals, which
    use t with one degree of freedom less. `draws`: log of Davidson's parameter by game.
    """

    models: tuple[RatedModel, ...]
    seats: tuple[SeatEffect, ...]
    draws: Mapping[str, float]
    penalised: bool
    instances: int
    fit: RatingFit

    @property
    def df(self) -> int:
        """Degrees of freedom of t."""
        return max(1, self.instances - 1)

    def strength(self, model: str) -> float:
        """Return the strength of a model (logit)."""
        return next(rated.strength for rated in self.models if rated.model == model)

    def difference(self, first: str, second: str) -> tuple[float, Interval]:
        """Return the difference in strength first - second, and its 95 % interval, of which an end may be infinite."""
        return self.strength(first) - self.strength(second), self.fit.interval({first: 1.0, second: -1.0})

    def expected(self, first: str, second: str) -> float:
        """Return the share of decided games that `first` is expected to win against `second`, where no seat is better."""
        return float(expit(self.strength(first) - self.strength(second)))

    def expected_interval(self, first: str, second: str) -> Interval:
        """Return the 95 % interval of `expected`."""
        low, high = self.difference(first, second)[1]
        return float(expit(low)), float(expit(high))


class RatingFit:
    """The parameters of a rating, their estimates and intervals."""

    def __init__(self, games: Sequence[RatedGame], scale: FixedScale | None = None) -> None:
        self._games = games
        self._scale = scale or FixedScale()
        self._known: dict[tuple[tuple[Key, float], ...], Interval] = {}
        self._drawn = {game.game for game in games if game.score == 0.5}
        self.keys = _keys(games, self._scale, self._drawn)
        self._column = {key: index for index, key in enumerate(self.keys)}
        cells = list(dict.fromkeys(_cell(game) for game in games))
        self._place = {cell: index for index, cell in enumerate(cells)}
        shares = np.zeros((len(cells), 3))
        for game in games:
            shares[self._place[_cell(game)]] += game.weight * np.array(_outcome(game.score))
        lines = [self.line(*cell) for cell in cells]
        features, base = (np.array([line[index] for line in lines]) for index in (0, 1))
        self.likelihood = Likelihood(features, base, shares)
        start = np.zeros(len(self.keys))
        loose = maximum(self.likelihood, LOOSER, start)
        self.best = maximum(self.likelihood, LIMIT, loose)
        self._moved = self.best - loose
        self.penalised = bool(np.abs(self._moved).max(initial=0.0) > MOVED)
        self.estimates = maximum(self.likelihood, PRIOR, start) if self.penalised else self.best
        self.instances = len({(game.game, game.instance or index) for index, game in enumerate(games)})

    def line(self, first: str, second: str, game: str, seats: tuple[str, str]) -> tuple[Numbers, Numbers]:
        """Return the features of the three outcomes of a game (3 x parameters), and what fixed parameters add (3)."""
        features, base = np.zeros((3, len(self.keys))), np.zeros(3)
        signs = (
            (("model", first), 1),
            (("model", second), -1),
            (("seat", game, seats[0]), 1),
            (("seat", game, seats[1]), -1),
        )
        for key, sign in signs:
            if key in self._column:
                features[0, self._column[key]] += sign / 2
                features[2, self._column[key]] -= sign / 2
            else:
                base += np.array([sign / 2, 0, -sign / 2]) * self._given(key)
        draws = ("draws", game)
        if draws in self._column:
            features[1, self._column[draws]] = 1
        else:
            base[1] = self._given(draws)
        return features, base

    def value(self, weights: Mapping[str, float]) -> float:
        """Return a combination of strengths."""
        return self.estimate({("model", name): weight for name, weight in weights.items()})

    def interval(self, weights: Mapping[str, float]) -> Interval:
        """Return the 95 % interval of a combination of strengths."""
        return self.ends({("model", name): weight for name, weight in weights.items()})

    def estimate(self, weights: Mapping[Key, float]) -> float:
        """Return a combination of parameters."""
        contrast, given = self._contrast(weights)
        return float(contrast @ self.estimates) + given

    def ends(self, weights: Mapping[Key, float]) -> Interval:
        """Return the 95 % interval of a combination of parameters, from its profile likelihood, made wider by what instances
        have in common (Chandler and Bate 2007). Where the maximum is not finite, one end is open, each instance counts once
        for each pair, and the other end is where what was seen has a probability of 2.5 % (Clopper and Pearson 1934).
        """
        key = tuple(sorted(weights.items()))
        if key not in self._known:
            self._known[key] = self._ends(weights)
        return self._known[key]

    def _ends(self, weights: Mapping[Key, float]) -> Interval:
        contrast, given = self._contrast(weights)
        if not contrast.any():
            return given, given
        t = float(stats.t.ppf(0.975, max(1, self.instances - 1)))
        information = self.likelihood.information(self.best)
        if abs(contrast @ self._moved) > MOVED:
            allowed = max(t * t, TAIL) / self._once
        elif is_estimable(information, contrast):
            allowed = t * t * self._spread(information, contrast)
        else:
            return -np.inf, np.inf
        low, high = profile_interval(self.likelihood, self.best, contrast, allowed, LIMIT)
        return low + given, high + given

    @cached_property
    def covariance(self) -> Numbers:
        """The covariance of the estimates, clustered by instance; with a prior, that of the posterior."""
        if self.penalised:
            information = self.likelihood.information(self.estimates) + PRIOR * np.eye(len(self.keys))
            return np.asarray(np.linalg.inv(information), dtype=np.float64)
        bread = pseudo_inverse(self.likelihood.information(self.best))
        return bread @ self._meat @ bread

    def _spread(self, information: Numbers, contrast: Numbers) -> float:
        """Return how many times the variance of independent games the clustered one of a contrast is, at least 1."""
        bread = pseudo_inverse(information)
        plain, clustered = contrast @ bread @ contrast, contrast @ bread @ self._meat @ bread @ contrast
        return max(float(clustered / plain), 1.0)

    @cached_property
    def _meat(self) -> Numbers:
        """The sum over instances of the squared derivatives (Huber 1967; Liang and Zeger 1986)."""
        scores = self.likelihood.scores(self.best)
        sums: dict[object, Numbers] = {}
        for index, game in enumerate(self._games):
            own = game.weight * np.array(_outcome(game.score)) @ scores[self._place[_cell(game)]]
            key = (game.game, game.instance or index)
            sums[key] = sums[key] + own if key in sums else own
        meat: Numbers = sum((np.outer(row, row) for row in sums.values()), np.zeros((len(self.keys),) * 2))
        found: Numbers = meat * len(sums) / max(1, len(sums) - 1)
        return found

    @cached_property
    def _once(self) -> float:
        """The share of games that is left where each instance counts once for each pair of models."""
        met = {
            (*sorted((game.first, game.second)), game.game, game.instance or index) for index, game in enumerate(self._games)
        }
        total = sum(game.weight for game in self._games)
        return min(1.0, len(met) / total)

    def _contrast(self, weights: Mapping[Key, float]) -> tuple[Numbers, float]:
        """Return the contrast of the free parameters, and what the fixed ones add."""
        contrast, given = np.zeros(len(self.keys)), 0.0
        for key, weight in weights.items():
            if key in self._column:
                contrast[self._column[key]] += weight
            else:
                given += weight * self._given(key)
        return contrast, given

    def _given(self, key: Key) -> float:
        match key:
            case ("model", name):
                return self._scale.models[name]
            case ("seat", game, seat):
                return self._scale.seats[game].get(seat, 0.0)
            case ("draws", game):
                return self._scale.draws.get(game, -np.inf)
        raise KeyError(key)


def rate(games: Sequence[RatedGame], scale: FixedScale | None = None) -> Rating:
    """Rate models by the games between them (Bradley and Terry 1952; draws: Davidson 1970; seats: Davidson and Beaver 1977),
    by maximum likelihood; on the scale of others, where `scale` fixes some of the parameters.

    Where the maximum is not finite (Ford 1957: a model won or lost everything, or a seat did), a normal prior of variance 4
    keeps the estimates finite. Intervals are those of `RatingFit.ends`. Games of one model with itself tell of seats and
    draws alone. Raises ValueError for fewer than two models, or a score outside 0..1.
    """
    names = sorted({name for game in games for name in (game.first, game.second)})
    if len(names) < 2:
        raise ValueError("a rating needs games between two models or more")
    if any(not 0 <= game.score <= 1 for game in games):
        raise ValueError("a score of a game is 1, 0, or something between")
    fit, fixed = RatingFit(games, scale), set(scale.models if scale else ())
    mean = {} if fixed & set(names) else dict.fromkeys(names, -1 / len(names))
    models = [_rated(name, fit, mean, games, fixed=name in fixed) for name in names]
    order = tuple(sorted(models, key=lambda model: -model.strength))
    draws = {key[1]: fit.estimate({key: 1.0}) for key in fit.keys if key[0] == "draws"}
    return Rating(order, tuple(_seats(fit, games)), draws, fit.penalised, fit.instances, fit)


def _rated(name: str, fit: RatingFit, mean: Mapping[str, float], games: Sequence[RatedGame], *, fixed: bool) -> RatedModel:
    weights = {**mean, name: 1 + mean.get(name, 0.0)}
    met = [game for game in games if game.first != game.second]
    scores = [game.score for game in met if game.first == name] + [1 - game.score for game in met if game.second == name]
    drawn, won = sum(score == 0.5 for score in scores), sum(score > 0.5 for score in scores)
    about = (len(scores), won, drawn, len(scores) - won - drawn)
    return RatedModel(name, fit.value(weights), fit.interval(weights), *about, fixed)


def _seats(fit: RatingFit, games: Sequence[RatedGame]) -> list[SeatEffect]:
    """Return the advantages of the seats of each game that are not fixed."""
    effects = []
    for game in dict.fromkeys(key[1] for key in fit.keys if key[0] == "seat"):
        seats = [key[2] for key in fit.keys if key[:2] == ("seat", game)]
        rest = "the average seat" if len(seats) > 2 else seats[-1]
        for seat in seats if len(seats) > 2 else seats[:1]:
            others = dict.fromkeys(seats, -1 / len(seats)) if len(seats) > 2 else {seats[-1]: -1.0}
            weights: dict[Key, float] = {("seat", game, name): weight for name, weight in others.items()}
            own: Key = ("seat", game, seat)
            weights[own] = weights.get(own, 0.0) + 1.0
            count = sum(seat in each.seats for each in games if each.game == game)
            effects.append(SeatEffect(game, seat, rest, fit.estimate(weights), fit.ends(weights), count))
    return effects


def _keys(games: Sequence[RatedGame], scale: FixedScale, drawn: set[str]) -> list[Key]:
    """Return the parameters that are to be estimated."""
    names = sorted({name for game in games for name in (game.first, game.second)} - set(scale.models))
    seats = {(game.game, seat): None for game in games if game.game not in scale.seats for seat in game.seats}
    models: list[Key] = [("model", name) for name in names]
    draws: list[Key] = [("draws", game) for game in sorted(drawn - set(scale.draws))]
    return [*models, *(("seat", game, seat) for game, seat in seats), *draws]


def _cell(game: RatedGame) -> tuple[str, str, str, tuple[str, str]]:
    return game.first, game.second, game.game, game.seats


def _outcome(score: float) -> tuple[float, float, float]:
    """Return the shares of won, drawn and lost that a score stands for."""
    return (0.0, 1.0, 0.0) if score == 0.5 else (score, 0.0, 1 - score)
