"""The interval of a mean over games."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.results.distributions import beta_quantile
from clemsim.results.means import Mean, mean_over_games, product
from clemsim.results.ratios import Ratio, ratio
from clemsim.results.roots import Spot, rising_root, root_between
from clemsim.results.shifts import MeanShift, logit

counts = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=40)
shares = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def of_counts(pairs: list[tuple[int, int]]) -> Ratio:
    made = ratio([float(min(pair)) for pair in pairs], [float(pair[1]) for pair in pairs])
    assert made
    return made


def yes_no(won: int, count: int) -> Ratio:
    made = ratio([1.0] * won + [0.0] * (count - won), [1.0] * count)
    assert made
    return made


def mean(*games: Ratio) -> Mean:
    made = mean_over_games(games)
    assert made
    return made


@given(st.lists(counts, min_size=1, max_size=8))
def test_an_interval_holds_the_score_stays_on_the_scale_and_grows_with_its_level(games: list[list[tuple[int, int]]]) -> None:
    made = mean(*map(of_counts, games))
    last = made.value, made.value
    for level in (0.5, 0.9, 0.95, 0.999):
        low, high = made.ends(level)
        assert 0 <= low <= last[0] + 1e-7
        assert last[1] - 1e-7 <= high <= 1
        last = low, high


@given(st.lists(shares, min_size=2, max_size=5))
def test_so_does_that_of_a_product(games: list[list[float]]) -> None:
    ratios = [found for game in games if (found := ratio(game, [1.0] * len(game)))]
    made = product(mean(*ratios), mean(*reversed(ratios)), 0.0)
    low, high = made.ends()
    assert 0 <= low <= made.value <= high <= 1


@pytest.mark.parametrize(("won", "count"), [(3, 10), (29, 30), (1, 200)])
def test_for_yes_or_no_outcomes_of_one_game_it_is_jeffreys(won: int, count: int) -> None:
    low, high = mean(yes_no(won, count)).ends()
    assert low == pytest.approx(beta_quantile(0.025, won + 0.5, count - won + 0.5))
    assert high == pytest.approx(beta_quantile(0.975, won + 0.5, count - won + 0.5))


def test_games_alike_are_as_one_game() -> None:
    apart, together = mean(*[yes_no(10, 10)] * 4).ends(), mean(yes_no(40, 40)).ends()
    assert apart == pytest.approx(together, abs=1e-6)


def test_a_small_game_that_was_won_throughout_is_not_taken_for_always_won() -> None:
    """Two of two won are no proof: a game that is won half of the time shows it in every fourth run."""
    low, high = mean(yes_no(2, 2), yes_no(60, 100)).ends()
    assert low < (0.35 + 0.6) / 2
    assert high > 0.84


def test_repetitions_that_rarely_succeed_are_covered() -> None:
    """Thirty instances, each of a rate of its own, five repetitions; the few that succeed tell how unlike instances are."""
    random, held, runs = Random(5), 0, 400
    for _ in range(runs):
        rates = [0.02 if random.random() < 0.9 else 0.32 for _ in range(30)]  # 0.05 on average
        wins = [float(sum(random.random() < rate for _ in range(5))) for rate in rates]
        made = ratio(wins, [5.0] * 30)
        assert made
        low, high = mean(made).ends()
        held += low <= 0.05 <= high
    assert held / runs > 0.92


@given(st.floats(-50, 50), st.floats(0.01, 20), st.booleans())
def test_roots_are_found(root: float, step: float, cubic: bool) -> None:
    def function(x: float) -> float:
        return (x - root) ** 3 + x - root if cubic else math.tanh(x - root)

    start = Spot(0.0, function(0.0))
    assert rising_root(function, start, math.copysign(step, root)) == pytest.approx(root, abs=1e-6)
    assert root_between(function, Spot(-60.0, function(-60.0)), Spot(55.0, function(55.0))) == pytest.approx(root, abs=1e-5)


def test_a_shift_moves_a_game_in_proportion_to_its_variance() -> None:
    still, moved = (MeanShift(((logit(0.5), 0.5), (logit(0.5), 0.01))).at(shift) for shift in (0.0, 1.0))
    assert still[0] == pytest.approx(0.5)
    first, second = (1 / (1 + math.exp(-multiple / 2)) for multiple in (0.5, 0.01))
    assert moved[0] == pytest.approx((first + second) / 2)
