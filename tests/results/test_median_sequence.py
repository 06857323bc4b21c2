"""The interval of a median: what excludes a candidate, and how often the truth is left out."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from clemsim.results.median_sequence import MedianSequence, enough_on_one_side, wealth


def test_wealth_is_what_the_integral_gives() -> None:
    # 2 * 2^3 * integral of p^2 (1 - p) from 1/2 to 1, worked out by hand
    assert wealth(2, 3) == pytest.approx(16 * ((1 / 3 - 1 / 4) - (1 / 24 - 1 / 64)))


def test_wealth_is_fair_to_a_median() -> None:
    """The expected wealth after the next value is what it is now, where half of the values exceed the candidate."""
    for count, exceeding in [(1, 0), (5, 3), (20, 20)]:
        more, less = wealth(exceeding + 1, count + 1), wealth(exceeding, count + 1)
        assert wealth(exceeding, count) == pytest.approx((more + less) / 2)


def test_ten_values_on_one_side_are_enough_and_nine_are_not() -> None:
    assert enough_on_one_side(9, 120) is None and enough_on_one_side(10, 120) == 10
    sequence = MedianSequence(2 / 120)
    for value in range(1, 10):
        sequence.add(value)
    assert sequence.interval == (0.0, inf) and sequence.median == 5
    sequence.add(10)
    assert sequence.interval == (1, 10)


@pytest.mark.slow
def test_the_truth_is_seldom_left_out_at_any_look() -> None:
    rng, missed = Random(5), 0
    for _ in range(300):
        sequence = MedianSequence(0.1)
        for _ in range(150):
            sequence.add(rng.lognormvariate(0, 1))
        low, high = sequence.interval
        missed += not low <= 1 <= high
    assert 0 < missed < 30


def test_only_numbers_above_zero_are_taken() -> None:
    for value in (0.0, -1.0, inf, float("nan")):
        with pytest.raises(ValueError, match="no number above 0"):
            MedianSequence(0.05).add(value)
