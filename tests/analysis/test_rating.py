"""Ratings against closed forms and independent optimisation, and how often their intervals hold the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.stats import t as student

from clemsim.analysis.statistics.next_game import rating_gain
from clemsim.analysis.statistics.rating import PRIOR, FixedScale, RatedGame, RatingFit, rate

FAIR = FixedScale(seats={"": {}})  # no seat is better
BOTH = ("red", "yellow")


def games(won: int, drawn: int, lost: int) -> list[RatedGame]:
    scores = [1.0] * won + [0.5] * drawn + [0.0] * lost
    return [RatedGame("a", "b", score, str(index)) for index, score in enumerate(scores)]


def test_two_players_with_draws_are_rated_as_by_hand() -> None:
    rating = rate(games(8, 6, 2), FAIR)  # won / lost = exp(d), drawn / sqrt(won lost) = exp(draws)
    assert rating.difference("a", "b")[0] == pytest.approx(math.log(8 / 2), abs=1e-5) and not rating.penalised
    assert rating.draws[""] == pytest.approx(math.log(6 / math.sqrt(16)), abs=1e-5)
    assert rating.expected("a", "b") == pytest.approx(0.8, abs=1e-5)
    assert [(model.won, model.drawn, model.lost) for model in rating.models] == [(8, 6, 2), (2, 6, 8)]


def test_the_interval_is_that_of_the_profile_likelihood() -> None:
    _, (low, high) = rate(games(7, 0, 3), FAIR).difference("a", "b")
    allowed = float(student.ppf(0.975, 9)) ** 2 * 10 / 9  # ten instances: each residual once, n / (n - 1)

    def short(d: float) -> float:
        p, best = 1 / (1 + math.exp(-d)), 0.7
        return 2 * (7 * math.log(best / p) + 3 * math.log((1 - best) / (1 - p))) - allowed

    middle = math.log(7 / 3)
    assert low == pytest.approx(brentq(short, middle - 9, middle), abs=1e-3)
    assert high == pytest.approx(brentq(short, middle, middle + 9), abs=1e-3)


def test_who_won_everything_has_an_open_interval_with_a_known_end() -> None:
    rating = rate(games(11, 0, 0), FAIR)
    low, high = rating.expected_interval("a", "b")
    assert low == pytest.approx(0.025 ** (1 / 11), abs=1e-3) and high == 1.0  # Clopper and Pearson (1934)
    assert rating.penalised and 0 < rating.models[0].strength < 5
    assert rating.models[0].interval[1] == math.inf and rating.models[1].interval[0] == -math.inf


def test_games_of_one_instance_count_as_much_as_one_where_all_went_alike() -> None:
    once = rate(games(7, 2, 3), FAIR).difference("a", "b")[1]
    assert rate(games(7, 2, 3) * 3, FAIR).difference("a", "b")[1] == pytest.approx(once, abs=1e-3)
    sure = rate(games(11, 0, 0), FAIR).difference("a", "b")[1]
    assert rate(games(11, 0, 0) * 2, FAIR).difference("a", "b")[1] == pytest.approx(sure, abs=1e-3)


def simulated(
    strengths: Mapping[str, float], seat: float, draws: float, instances: int, seed: int, shared: float = 0.0
) -> list[RatedGame]:
    """All pairs in both orders; what an instance does to a pair (deviation `shared`) is the same in both orders."""
    rng, found = np.random.default_rng(seed), []
    for instance in range(instances):
        luck = {frozenset(pair): rng.normal(0, shared) for pair in _pairs(strengths)}
        for first, second in _pairs(strengths):
            sign = 1 if first < second else -1
            d = strengths[first] - strengths[second] + seat + sign * luck[frozenset((first, second))]
            weights = np.array([math.exp(d / 2), draws, math.exp(-d / 2)])
            score = (1.0, 0.5, 0.0)[rng.choice(3, p=weights / weights.sum())]
            found.append(RatedGame(first, second, score, str(instance), "g", BOTH))
    return found


def _pairs(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(first, second) for first in names for second in names if first != second]


def test_the_fit_is_that_of_the_textbook_likelihood() -> None:
    played = simulated({"a": 1.0, "b": 0.3, "c": -0.4, "d": -0.9}, 0.5, 0.7, 12, seed=3)
    names = "abcd"

    def loss(x: Sequence[float]) -> float:
        worth, nu, order = np.exp(np.array([*x[:3], 0.0])), math.exp(x[3]), math.exp(x[4])
        total = 0.0
        for game in played:  # Davidson and Beaver (1977): the first seat multiplies a worth
            one, other = order * worth[names.index(game.first)], worth[names.index(game.second)]
            tie = nu * math.sqrt(one * other)
            total -= math.log({1.0: one, 0.5: tie, 0.0: other}[game.score] / (one + other + tie))
        return total

    best = minimize(loss, np.zeros(5), method="BFGS").x
    rating = rate(played)
    assert [rating.difference(name, "d")[0] for name in "abc"] == pytest.approx(best[:3], abs=1e-3)
    assert rating.draws["g"] == pytest.approx(best[3], abs=1e-3)
    (seat,) = rating.seats
    assert (seat.seat, seat.over) == ("red", "yellow") and seat.advantage == pytest.approx(best[4], abs=1e-3)


def test_a_newcomer_is_rated_on_the_scale_of_fixed_players() -> None:
    fixed = FixedScale({"x": 1.5, "y": -0.5}, {"g": {"red": 0.1, "yellow": -0.1}})
    won = [("x", 0.0), ("x", 1.0), ("y", 1.0), ("y", 1.0), ("y", 0.0), ("x", 0.0)]
    played = [RatedGame("new", other, score, str(n), "g", BOTH) for n, (other, score) in enumerate(won)]
    rating = rate(played, fixed)

    def slope(x: float) -> float:
        return sum(score - 1 / (1 + math.exp(-(x - fixed.models[other] + 0.2))) for other, score in won)

    assert rating.strength("new") == pytest.approx(brentq(slope, -9, 9), abs=1e-5)
    assert {model.model: model.strength for model in rating.models if model.fixed} == dict(fixed.models)
    assert rating.seats == () and rating.difference("x", "y") == (2.0, (2.0, 2.0))


def test_players_who_never_met_cannot_be_compared() -> None:
    apart = [
        RatedGame(*pair, 1.0, str(n), "", BOTH)
        for n in range(6)
        for pair in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"))
    ]
    rating = rate(apart)
    assert rating.difference("a", "c")[1] == (-math.inf, math.inf)


def test_games_with_oneself_tell_of_seats_alone() -> None:
    scores = [("a", 1.0), ("a", 1.0), ("a", 1.0), ("a", 0.0), ("b", 1.0), ("b", 0.0)]  # as red, against a as yellow
    played = [RatedGame(red, "a", score, str(n), "", BOTH) for n, (red, score) in enumerate(scores)]
    rating = rate(played, FixedScale({"a": 0.0, "b": 0.0}))
    assert rating.seats[0].advantage == pytest.approx(math.log(4 / 2), abs=1e-5)
    assert {model.model: model.games for model in rating.models} == {"a": 2, "b": 2}


def test_the_gain_of_more_games_is_that_of_their_information() -> None:
    played = [RatedGame("a", "b", 1.0, str(n)) for n in range(4)] + [
        RatedGame("b", "c", float(n % 2), str(n)) for n in range(4)
    ]
    fit = RatingFit(played, FAIR)
    gain = rating_gain(fit, "abc", ("a", "b", "", ("first", "second")), 5)
    p = 1 / (1 + math.exp(-fit.value({"a": 1.0, "b": -1.0})))
    contrast = np.array([1.0, -1.0, 0.0])
    before = fit.likelihood.information(fit.estimates) + PRIOR * np.eye(3)
    after = before + 5 * p * (1 - p) * np.outer(contrast, contrast)
    wanted = 3 * np.eye(3) - 1.0  # the sum over pairs of their contrasts
    shares = [float(np.trace(wanted @ np.linalg.inv(each))) for each in (before, after)]
    assert fit.penalised and gain == pytest.approx(1 - shares[1] / shares[0], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("instances", "shared", "draws"), [(11, 0.0, 0.5), (11, 0.0, 0.0), (30, 1.5, 0.5)])
def test_intervals_hold_the_truth_as_often_as_they_say(instances: int, shared: float, draws: float) -> None:
    strengths = {"a": 1.0, "b": 0.2, "c": -1.2}
    truth = strengths
    if shared:  # what a rating estimates then is nearer to 0
        truth = {model.model: model.strength for model in rate(simulated(strengths, 0.4, draws, 1500, 0, shared)).models}
    hits, count = 0, 150
    for seed in range(count):
        low, high = rate(simulated(strengths, 0.4, draws, instances, seed + 1, shared)).difference("a", "b")[1]
        hits += low <= truth["a"] - truth["b"] <= high
    assert hits / count >= 0.90
