"""Confidence sequences: they hold at all looks, close in on the truth, and are widest where nothing is known."""

from __future__ import annotations

import math
from random import Random

import pytest

from clemsim.results.confidence_sequence import LEVEL, STEPS, ConfidenceSequence, Wealth


def seen(values: list[tuple[float, float, int]], parts: int = 1) -> ConfidenceSequence:
    sequence = ConfidenceSequence(parts)
    for s, w, part in values:
        sequence.add(s, w, part)
    return sequence


def test_nothing_is_known_at_first() -> None:
    assert ConfidenceSequence().interval == (0, 1)
    assert ConfidenceSequence(3).interval == (0, 1)


def test_it_closes_in_on_the_mean() -> None:
    rng = Random(1)
    low, high = seen([(float(rng.random() < 0.3), 1.0, 0) for _ in range(2000)]).interval
    assert 0.23 < low < 0.3 < high < 0.37


def test_a_ratio_counts_only_what_has_weight() -> None:
    rng = Random(2)
    rounds = [(w * float(rng.random() < 0.8), w, 0) for w in (float(rng.random() < 0.2) for _ in range(4000))]
    low, high = seen(rounds).interval
    assert 0.7 < low < 0.8 < high < 0.9
    assert seen([(0.0, 0.0, 0)] * 50).interval == (0, 1)


def test_the_mean_over_parts_is_unweighted() -> None:
    rng = Random(3)
    rounds = [(float(rng.random() < 0.9), 1.0, 0) for _ in range(900)]
    rounds += [(float(rng.random() < 0.1), 1.0, 1) for _ in range(300)]
    low, high = seen(rounds, 2).interval
    assert 0.4 < low < 0.5 < high < 0.6


def test_a_part_that_was_never_seen_may_be_anything() -> None:
    low, high = seen([(1.0, 1.0, 0)] * 500, 2).interval
    assert 0.45 < low < 0.5 and high == 1


def test_wealth_falls_with_the_candidate() -> None:
    rng = Random(4)
    wealth = Wealth(LEVEL)
    for _ in range(200):
        wealth.add(rng.random() ** 2, 1.0)
    assert all(higher >= lower - 1e-9 for higher, lower in zip(wealth.logs, wealth.logs[1:], strict=False))


def test_a_fair_game_makes_nobody_rich() -> None:
    """The mean of the wealth at the truth is 1: the property on which the intervals rest."""
    rng, runs, total = Random(5), 4000, 0.0
    for _ in range(runs):
        wealth = Wealth(LEVEL)
        for _ in range(6):
            wealth.add(float(rng.random() < 0.5), 1.0)
        total += math.exp(wealth.logs[STEPS // 2])
    assert total / runs == pytest.approx(1, abs=0.15)


def test_an_excluded_value_stays_excluded() -> None:
    sequence = seen([(1.0, 1.0, 0)] * 60)
    low, _ = sequence.interval
    for _ in range(60):
        sequence.add(0.0)
    assert sequence.interval[0] == low > 0.8


@pytest.mark.parametrize(("s", "w"), [(1.1, 1.0), (-0.1, 1.0), (0.5, 0.4), (0.5, 1.5), (float("nan"), 1.0)])
def test_pairs_out_of_bounds(s: float, w: float) -> None:
    with pytest.raises(ValueError, match="not 0 <="):
        ConfidenceSequence().add(s, w)
