"""Confidence sequences: they hold at all looks, close in on the truth, and are widest where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import pytest

from clemsim.results.confidence_sequence import LEVEL, ConfidenceSequence, Round, Wealth


def seen(rounds: Sequence[Round], most: int | None = None) -> ConfidenceSequence:
    sequence = ConfidenceSequence(most)
    for each in rounds:
        sequence.add(each)
    return sequence


def won(rng: Random, chance: float, times: int = 1) -> list[tuple[float, float]]:
    return [(float(rng.random() < chance), 1.0) for _ in range(times)]


def test_nothing_is_known_at_first() -> None:
    assert ConfidenceSequence().interval == (0, 1)


@pytest.mark.parametrize("most", [None, 2000])
def test_it_closes_in_on_the_mean(most: int | None) -> None:
    rng = Random(1)
    low, high = seen([[won(rng, 0.3)] for _ in range(2000)], most).interval
    assert 0.23 < low < 0.3 < high < 0.37


def test_a_ratio_counts_only_what_has_weight() -> None:
    rng = Random(2)
    rounds = [[[(w * float(rng.random() < 0.8), w)]] for w in (float(rng.random() < 0.2) for _ in range(4000))]
    low, high = seen(rounds).interval
    assert 0.7 < low < 0.8 < high < 0.9
    assert seen([[[(0.0, 0.0)]]] * 50).interval == (0, 1)


def test_the_mean_over_games_is_unweighted() -> None:
    """One game has three times as many values in a round, and a high mean."""
    rng = Random(3)
    low, high = seen([[won(rng, 0.9, 3), won(rng, 0.1)] for _ in range(300)], 300).interval
    assert 0.42 < low < 0.5 < high < 0.58


def test_rounds_of_several_games_are_narrower_than_one_value_a_round() -> None:
    """The mean of seven values in a round tells as much as seven values, which betting on that mean alone would not."""
    rng = Random(6)
    rounds = [[won(rng, 0.5) for _ in range(7)] for _ in range(30)]
    low, high = seen(rounds, 30).interval
    alone = seen([[game] for each in rounds for game in each], 210).interval
    assert high - low < 1.1 * (alone[1] - alone[0]) < 0.25


def test_candidates_that_are_excluded_are_forgotten() -> None:
    wealth = Wealth(LEVEL, 10)
    wealth.add([[(1.0, 1.0)], [(0.0, 1.0)]])
    whole = dict(zip(wealth.candidates, wealth.logs, strict=True))
    wealth.keep(0.25, 0.5)
    assert (wealth.candidates[0], wealth.candidates[-1]) == (0.25, 0.5)
    assert wealth.logs == [whole[m] for m in wealth.candidates]


def test_wealth_falls_with_the_candidate() -> None:
    rng = Random(4)
    wealth = Wealth(LEVEL)
    for _ in range(200):
        wealth.add([[(rng.random() ** 2, 1.0)]])
    assert all(higher >= lower - 1e-9 for higher, lower in zip(wealth.logs, wealth.logs[1:], strict=False))


@pytest.mark.parametrize("chances", [(0.5,), (0.9, 0.1), (0.8, 0.5, 0.2)])
@pytest.mark.parametrize("most", [None, 6])
def test_a_fair_game_makes_nobody_rich(chances: tuple[float, ...], most: int | None) -> None:
    """The mean of the wealth at the truth is 1 at most, however the games differ: on this the intervals rest."""
    rng, runs, total = Random(5), 2000, 0.0
    for _ in range(runs):
        wealth = Wealth(LEVEL, most)
        wealth.keep(0.5, 0.5)
        for _ in range(6):
            wealth.add([won(rng, chance, 1 + game) for game, chance in enumerate(chances)])
        total += math.exp(wealth.logs[0])
    assert 0.2 < total / runs < 1.15


def test_the_truth_at_the_end_of_the_scale_is_kept() -> None:
    assert seen([[[(0.0, 1.0)], [(0.0, 1.0)]]] * 100, 100).interval[0] == 0
    assert seen([[[(0.0, 1.0)], [(0.0, 1.0)]]] * 100, 100).interval[1] < 0.05


def test_an_excluded_value_stays_excluded() -> None:
    sequence = seen([[[(1.0, 1.0)]]] * 60)
    low, _ = sequence.interval
    for _ in range(60):
        sequence.add([[(0.0, 1.0)]])
    assert sequence.interval[0] == low > 0.8


@pytest.mark.parametrize(("s", "w"), [(1.1, 1.0), (-0.1, 1.0), (0.5, 0.4), (0.5, 1.5), (float("nan"), 1.0)])
def test_pairs_out_of_bounds(s: float, w: float) -> None:
    with pytest.raises(ValueError, match="not 0 <="):
        ConfidenceSequence().add([[(0.0, 1.0)], [(s, w)]])
