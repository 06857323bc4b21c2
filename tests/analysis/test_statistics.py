"""The statistics, compared with formulas, simulations and values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from clemsim.analysis.statistics.averages import averages, points
from clemsim.analysis.statistics.differences import sensitivity_of, verdict
from clemsim.analysis.statistics.groups import bucket, buckets, slope_within_families, spread
from clemsim.analysis.statistics.mixed import fit_mixed_model
from clemsim.analysis.statistics.ranks import rank_correlation
from clemsim.analysis.statistics.rating import RatedGame, rate
from clemsim.analysis.statistics.regression import fit_least_squares, influence, inverse_prediction
from clemsim.analysis.statistics.sample import Sample, game_of_table, sample_of
from clemsim.results.clusters import Cluster
from clemsim.results.estimates import SCORES, ModelEstimates
from clemsim.results.holm import holm

NAN = math.nan


def array(*rows: list[float]) -> np.ndarray:
    return np.array(rows)


def rates(played: np.ndarray, quality: np.ndarray, games: tuple[str, ...] = ("a", "b", "c")) -> Sample:
    """Return a sample of which only %Played and Quality are known."""
    return Sample(tuple(f"m{number}" for number in range(len(played))), games, played, quality, {}, {})


def test_a_game_never_played_is_out_of_quality_and_one_never_run_is_out_of_both() -> None:
    played, quality = array([100, 0, NAN], [100, 50, 0]), array([80, NAN, NAN], [40, 60, NAN])
    means = averages(played, quality)
    assert means.played.tolist() == [50, 50] and means.quality.tolist() == [80, 50]
    assert means.clemscore.tolist() == [40, 25]
    zero = averages(played, quality, "zero")
    assert zero.quality == pytest.approx([40, 100 / 3]) and zero.played.tolist() == [50, 50]
    assert points(played, quality)[1].tolist() == [40, 30, 0]


def test_averages_of_nothing_are_nan() -> None:
    means = averages(array([NAN, NAN]), array([NAN, NAN]))
    assert np.isnan(means.clemscore).all()


def clusters(rng: np.random.Generator, instances: int, wins: float = 0.5) -> dict[str, Cluster]:
    played = rng.binomial(2, 0.8, size=instances)
    won = rng.binomial(played, wins)
    pairs = enumerate(zip(played.tolist(), won.tolist(), strict=True))
    return {str(number): Cluster(2, kept, kept, 100.0 * score) for number, (kept, score) in pairs}


def test_the_estimates_of_a_table_are_those_of_the_episodes_behind_it() -> None:
    rng = np.random.default_rng(3)
    scores = rng.choice([0.0, 50.0, 100.0], size=120)
    played = rng.random(120) < 0.7
    one_by_one = {
        str(number): Cluster(1, int(kept), int(kept), float(score) if kept else 0.0)
        for number, (kept, score) in enumerate(zip(played, scores, strict=True))
    }
    kept = scores[played]
    printed = game_of_table(100 * played.mean(), kept.mean(), float(np.std(kept, ddof=1)), 120)
    behind, table = ModelEstimates.of({"a": one_by_one}), ModelEstimates({"a": printed})
    for score in SCORES:
        assert table.value(score) == pytest.approx(behind.value(score))
        assert table.interval(score) == pytest.approx(behind.interval(score), rel=1e-6)


def test_what_a_table_leaves_out_makes_its_interval_wider() -> None:
    known = ModelEstimates({"a": game_of_table(80, 50, 10, 100)}).interval("quality") or (0, 0)
    unknown = ModelEstimates({"a": game_of_table(80, 50, None, 100)}).interval("quality") or (0, 0)
    assert np.ptp(known) < 0.5 * np.ptp(unknown)
    never = ModelEstimates({"a": game_of_table(0, None, None, 40)})
    assert never.value("worth") == 0 and never.value("quality") is None
    assert ModelEstimates({"a": game_of_table(2.5, 100, None, 40)}).interval("quality") is None  # one episode


def test_models_of_runs_are_paired_and_those_of_tables_are_not() -> None:
    rng = np.random.default_rng(5)
    played = {"one": {"a": clusters(rng, 40)}, "two": {"a": clusters(rng, 40)}}
    table = {"three": ModelEstimates({"a": game_of_table(80, 50, 50, 40)})}
    sample = sample_of(played, table, ("one", "two", "three"))
    assert sample.games == ("a",) and not sample.paired and sample.only(["two", "one"]).paired
    same = sample_of({"one": played["one"], "same": played["one"]}, {}, ("one", "same")).difference("one", "same")
    assert (same.value, same.p) == (0.0, 1.0) and same.interval and same.interval[0] < 0 < same.interval[1]
    assert (
        sample.difference("one", "three").value is not None and sample.difference("one", "three", "worth", "b").value is None
    )


def test_a_difference_without_each_game_and_by_other_rules() -> None:
    quality = array([60, 40, 90], [50, 50, NAN])
    sensitivity = sensitivity_of(rates(array([100, 100, 10], [100, 100, 0]), quality), "m0", "m1")
    # 70 % x 63.33 - 66.67 % x 50; without c: 50 - 50; as 0: 50 becomes 33.33; common: 50 - 50
    assert sensitivity.rules["paper"] == pytest.approx(70 * 190 / 300 - 200 / 3 * 0.5)
    assert sensitivity.rules["zero"] == pytest.approx(70 * 190 / 300 - 200 / 3 / 3)
    assert sensitivity.rules["common games"] == pytest.approx(0) and sensitivity.without["c"] == pytest.approx(0)
    assert sensitivity.rules["common Quality"] == pytest.approx(70 * 0.5 - 200 / 3 * 0.5)
    assert sensitivity.without["b"] == pytest.approx(55 * 0.75 - 50 * 0.5)
    ends = [value for value in sensitivity.without.values() if value is not None]
    assert not sensitivity.fragile and sensitivity.range == (min(ends), max(ends))


def test_a_difference_whose_sign_turns_is_fragile() -> None:
    quality = array([40, 40, 100], [50, 50, NAN])
    sensitivity = sensitivity_of(rates(array([100, 100, 10], [100, 100, 0]), quality), "m0", "m1")
    assert sensitivity.rules["paper"] == pytest.approx(42 - 100 / 3)
    assert sensitivity.fragile and sensitivity.turned_by == ("c", "common games", "common Quality")


def test_one_game_alone() -> None:
    rng = np.random.default_rng(9)
    games = {
        "one": {"a": clusters(rng, 60), "b": clusters(rng, 60)},
        "two": {"a": clusters(rng, 60, 0.0), "b": clusters(rng, 60)},
    }
    found = sample_of(games, {}, ("one", "two")).difference("one", "two", "quality", "a")
    assert found.value is not None and found.value > 20 and found.p is not None and found.p < 0.001
    assert found.interval is not None and found.interval[0] > 0


def test_holm_and_verdicts() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]
    assert [verdict(1, 0.01), verdict(-1, 0.01), verdict(1, 0.05), verdict(None, 0.01)] == [
        *("higher", "lower", "undecided", "no data")
    ]


LINE_X = [0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4]
LINE_Y = [0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3]


def test_least_squares_and_robust_errors_are_those_of_their_formulas() -> None:
    x, y = np.array(LINE_X), np.array(LINE_Y)
    line = fit_least_squares(y, {"x": x})
    design = np.column_stack([np.ones(len(x)), x])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    residual = y - design @ beta
    hat = np.einsum("ij,jk,ik->i", design, inverse, design)
    robust = inverse @ (design.T * (residual / (1 - hat)) ** 2) @ design @ inverse
    assert [coefficient.value for coefficient in line.coefficients] == pytest.approx(beta)
    assert [coefficient.robust_error for coefficient in line.coefficients] == pytest.approx(np.sqrt(np.diag(robust)))
    assert line["x"].error == pytest.approx(math.sqrt(residual @ residual / 10 * inverse[1, 1]))
    assert line.freedom == (1, 10) and line.f == pytest.approx((line["x"].value / line["x"].error) ** 2)
    mean, low, high = line.band(design[:1])
    assert low[0] < mean[0] < high[0]


def test_influence_is_that_of_a_fit_without_the_observation() -> None:
    rng = np.random.default_rng(2)
    x = np.arange(8.0)
    y = 2 * x + rng.normal(size=8)
    y[7] += 12
    rows = influence(y, {"x": x}, [f"p{number}" for number in range(8)])
    without = fit_least_squares(y[:7], {"x": x[:7]})
    assert rows[0].name == "p7" and rows[0].r_squared == pytest.approx(without.r_squared)
    assert rows[0].slope == pytest.approx(without["x"].value) and sum(row.leverage for row in rows) == pytest.approx(2)


@pytest.mark.parametrize("x", [[1.0, 1.0, 1.0, 1.0], [1.0, 2.0]])
def test_observations_that_cannot_be_fitted(x: list[float]) -> None:
    with pytest.raises(ValueError, match=r"too few|does not vary"):
        fit_least_squares(np.arange(len(x), dtype=float), {"x": np.array(x)})


def test_inverse_prediction_ends_where_the_band_meets_the_score() -> None:
    rng = np.random.default_rng(4)
    x = np.linspace(0, 10, 30)
    line = fit_least_squares(3 * x + rng.normal(size=30), {"x": x})
    x_at_score, ends = inverse_prediction(line, 15.0)
    assert ends is not None and ends[0] < x_at_score < ends[1] and x_at_score == pytest.approx(5, abs=0.3)
    _, low, high = line.band(np.column_stack([np.ones(2), ends]))
    assert {round(float(low[1]), 6), round(float(high[0]), 6)} == {15.0}
    _, single = inverse_prediction(line, 15.0, new_model=True)
    assert single is not None and single[0] < ends[0] and single[1] > ends[1]


def test_inverse_prediction_has_no_bounds_where_the_slope_may_be_zero() -> None:
    line = fit_least_squares(np.array([1.0, -1, 1.2, -1, 0.9]), {"x": np.arange(5.0)})
    assert inverse_prediction(line, 3.0)[1] is None


def test_rank_correlations() -> None:
    x = np.arange(20.0)
    y = x + 6 * np.sin(x * 7)
    correlation = rank_correlation(x, y)
    assert correlation.rho == pytest.approx(stats.spearmanr(x, y).statistic)
    assert (
        correlation.rho_interval is not None
        and correlation.rho_interval[0] < correlation.rho < correlation.rho_interval[1] < 1
    )
    assert (
        correlation.tau_interval is not None and correlation.tau_interval[0] < correlation.tau < correlation.tau_interval[1]
    )
    assert rank_correlation(np.arange(3.0), np.arange(3.0)).rho_interval is None
    with pytest.raises(ValueError, match="three pairs"):
        rank_correlation(np.ones(5), np.arange(5.0))


def test_buckets_hold_their_upper_edge() -> None:
    assert [bucket(value) for value in (0.5, 6, 6.1, 10, 70, 2000, 2001)] == [
        *("(0,6]", "(0,6]", "(6,10]", "(6,10]", "(60,100]", "(1000,2000]", None)
    ]
    assert buckets()[0] == "(0,6]" and len(buckets()) == 7
    assert (spread([1, 4]).width, spread([1, 4]).mean, spread([2]).deviation) == (3, 2.5, None)


def test_size_within_families_ignores_differences_between_families() -> None:
    size = np.log(np.array([1, 10, 1, 10, 100, 7]))
    score = np.array([0.0, 5, 50, 54.9, 60.2, 99])
    slope = slope_within_families(score, size, ["a", "a", "b", "b", "b", "alone"])
    assert slope.slope == pytest.approx(5 / math.log(10), rel=0.03) and (slope.families, slope.n) == (2, 5)
    with pytest.raises(ValueError, match="too few"):
        slope_within_families(score[:2], size[:2], ["a", "a"])


def test_a_mixed_model_recovers_the_simulated_effects() -> None:
    rng = np.random.default_rng(11)
    models, games = np.repeat(np.arange(30), 12), np.tile(np.arange(12), 30)
    size, tough = rng.normal(size=30), rng.normal(0, 8, 12)
    y = 40 + 5 * size[models] + tough[games] + rng.normal(0, 4, 30)[models] + rng.normal(0, 2, 360)
    model = fit_mixed_model(
        y, {"size": size[models]}, {"model": [f"m{index}" for index in models], "game": [f"g{index}" for index in games]}
    )
    assert model.converged and model.n == 360
    slope = model.effects[1]
    assert slope.interval[0] < 5 < slope.interval[1] and slope.value == pytest.approx(5, abs=1.5)
    assert model.deviations["game"] == pytest.approx(8, rel=0.5)
    assert model.deviations["residual"] == pytest.approx(2, rel=0.15)


def matches(strength: dict[str, float], seat: float, count: int) -> list[RatedGame]:
    rng = np.random.default_rng(8)
    pairs = [(first, second) for first in strength for second in strength if first != second]
    return [
        RatedGame(
            first,
            second,
            float(rng.random() < 1 / (1 + math.exp(-(strength[first] - strength[second] + seat)))),
            str(number),
        )
        for number in range(count)
        for first, second in pairs
    ]


def test_ratings_recover_strength_and_the_advantage_of_a_seat() -> None:
    rating = rate(matches({"a": 1.0, "b": 0.0, "c": -1.0}, 0.5, 300))
    assert [rated.model for rated in rating.models] == ["a", "b", "c"] and not rating.penalised
    assert [rated.strength for rated in rating.models] == pytest.approx([1, 0, -1], abs=0.25)
    (seat,) = rating.seats
    assert seat.interval[0] < 0.5 < seat.interval[1] and seat.advantage == pytest.approx(0.5, abs=0.2)
    assert rating.expected("a", "c") == pytest.approx(1 / (1 + math.exp(-2)), abs=0.05)


def test_two_models_are_rated_as_by_hand() -> None:
    games = [RatedGame("a", "b", score) for score in (1, 1, 1, 0)] + [RatedGame("b", "a", score) for score in (1, 0)]
    rating = rate(games)  # logit(3/4) = d + s, logit(1/2) = -d + s
    first, second = (rated.strength for rated in rating.models)
    assert first - second == pytest.approx(math.log(3) / 2, abs=1e-6)
    assert rating.seats[0].advantage == pytest.approx(math.log(3) / 2, abs=1e-6)


def test_a_model_that_won_everything_has_a_finite_rating() -> None:
    rating = rate([RatedGame("a", "b", 1), RatedGame("b", "a", 0)])
    assert rating.penalised and 0 < rating.models[0].strength < 10
    assert rating.models[0].interval[0] < 0 < rating.models[0].interval[1]
    with pytest.raises(ValueError, match="two models"):
        rate([])
