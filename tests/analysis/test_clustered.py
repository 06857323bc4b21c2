"""Errors clustered by lineage: against formulas, and against simulated families."""

from __future__ import annotations

import numpy as np
import pytest

from clemsim.analysis.statistics.clustered import clustered_coefficients, quadratic_p, without_clusters
from clemsim.analysis.statistics.mixed import fit_mixed_model
from clemsim.analysis.statistics.ranks import rank_correlation
from clemsim.analysis.statistics.rating import RatedGame, rate
from clemsim.analysis.statistics.regression import fit_least_squares

SIZES = (6, 6, 4, 4, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1)  # of the families of the published table


def test_alone_in_their_clusters_observations_have_the_error_hc2() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=20)
    y = 2 * x + rng.normal(size=20)
    _, slope = clustered_coefficients(y, {"x": x}, [str(index) for index in range(20)])
    design = np.column_stack([np.ones(20), x])
    bread = np.linalg.inv(design.T @ design)
    residual = y - design @ bread @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    hc2 = bread @ (design.T * (residual**2 / (1 - leverage))) @ design @ bread
    assert slope.error == pytest.approx(np.sqrt(hc2[1, 1])) and 1 < slope.df < 18


def test_clustered_intervals_hold_where_models_of_a_family_are_alike() -> None:
    rng, families = np.random.default_rng(5), np.repeat(np.arange(len(SIZES)), SIZES)
    names, clustered, robust = [str(family) for family in families], 0, 0
    for _ in range(250):
        x = rng.normal(0, 1.5, len(SIZES))[families] + rng.normal(size=len(families))
        y = 5 * x + rng.normal(0, 6, len(SIZES))[families] + rng.normal(0, 4, len(families))
        low, high = clustered_coefficients(y, {"x": x}, names)[1].interval
        clustered += low <= 5 <= high
        low, high = fit_least_squares(y, {"x": x})["x"].robust_interval
        robust += low <= 5 <= high
    assert clustered / 250 > 0.92 > robust / 250


def test_a_fit_without_each_cluster() -> None:
    x = np.array([0.0, 1, 2, 3, 10, 11])
    y = np.array([0.0, 1, 2, 3, 30, 33])
    rows = without_clusters(y, {"x": x}, ["a", "a", "b", "b", "c", "c"])
    assert (rows[0].name, rows[0].size) == ("c", 2) and rows[0].slope == pytest.approx(1) and len(rows) == 3
    assert clustered_coefficients(y[:4], {"x": x[:4]}, ["a", "a", "b", "b"]) == ()


def test_a_curve_is_no_line() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(0, 6, 30)
    line, curve = (quadratic_p(y + rng.normal(0, 1, 30), x) for y in (3 * x, x**2))
    assert line is not None and line > 0.05 and curve is not None and curve < 0.001
    assert quadratic_p(x[:7] ** 2, x[:7]) is None


@pytest.mark.parametrize(("count", "least"), [(3, 2 / 6), (4, 2 / 24), (5, 2 / 120)])
def test_of_few_pairs_the_p_of_a_perfect_order_is_that_of_all_orders(count: int, least: float) -> None:
    found = rank_correlation(np.arange(float(count)), -np.arange(float(count)))
    assert found.rho == pytest.approx(-1) and found.rho_interval is None
    assert [found.rho_p, found.tau_p] == pytest.approx([least, least])


def test_exact_p_values_count_ties() -> None:
    found = rank_correlation(np.array([1.0, 1, 2, 3]), np.array([1.0, 2, 3, 4]))
    assert found.rho_p == pytest.approx(4 / 24)  # both orders of the tied pair, up and down


def test_a_random_slope_makes_the_mean_slope_less_certain() -> None:
    rng = np.random.default_rng(3)
    models, games = np.repeat(np.arange(25), 6), np.tile(np.arange(6), 25)
    x = rng.normal(size=25)[models]
    y = (5 + rng.normal(0, 4, 6)[games]) * x + rng.normal(0, 3, 25)[models] + rng.normal(0, 3, 150)
    random = {"model": [f"m{index}" for index in models], "game": [f"g{index}" for index in games]}
    plain = fit_mixed_model(y, {"x": x}, random)
    own = fit_mixed_model(y, {"x": x}, {**random, "slope": random["game"]}, slopes={"slope": x}, df=5)
    assert own.converged and own.deviations["slope"] == pytest.approx(4, rel=0.6)
    assert np.ptp(own.effects[1].interval) > 1.5 * np.ptp(plain.effects[1].interval)


def test_a_difference_of_ratings_has_an_interval_of_its_own() -> None:
    results = [("a", "b", 1)] * 3 + [
        ("b", "a", 0),
        ("a", "b", 0),
        ("b", "a", 1),
        ("a", "c", 1),
        ("c", "a", 1),
        ("b", "c", 1),
        ("c", "b", 1),
    ]
    games = [RatedGame(*pair, str(index % 3)) for index, pair in enumerate(results)]
    rating = rate(games)
    value, (low, high) = rating.difference("a", "b")
    assert low < value < high and rating.df == 2
    back = rating.difference("b", "a")
    assert back[0] == pytest.approx(-value) and list(back[1]) == pytest.approx([-high, -low])
    chance = rating.expected_interval("a", "b")
    assert chance[0] < rating.expected("a", "b") < chance[1]
