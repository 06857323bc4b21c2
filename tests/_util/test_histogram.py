"""Percentiles by size class, and the sample sizes that they need."""

from __future__ import annotations

import random

import pytest

from clemsim._util.histogram import Histogram, ranks


def of(values: list[float]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def test_percentiles_are_exact_to_a_quarter_of_a_percent() -> None:
    dice = random.Random(1)
    values = sorted(dice.lognormvariate(-3, 1) for _ in range(5000))
    histogram = of(values)
    for percent in (1, 50, 90, 95, 99):
        assert histogram.percentile(percent) == pytest.approx(values[-(-percent * 5000 // 100) - 1], rel=0.0026)
    assert histogram.mean == pytest.approx(sum(values) / 5000) and histogram.count == 5000
    assert (histogram.least, histogram.greatest) == (values[0], values[-1])


def test_nothing_has_no_percentile() -> None:
    data = Histogram().percentiles()
    assert data["n"] == 0 and data["p50"] is data["mean"] is data["p99_interval"] is None


def test_zero_and_less_count_as_the_least() -> None:
    assert of([0.0, -1.0]).percentile(50) == pytest.approx(1e-6, rel=0.01)


def test_merged_is_as_if_all_had_been_in_one() -> None:
    first, second = of([0.1, 0.2]), of([0.3, 5.0])
    first.merge(second)
    assert first.percentiles() == of([0.1, 0.2, 0.3, 5.0]).percentiles()


@pytest.mark.parametrize(("percent", "least"), [(50, 6), (90, 36), (95, 72), (99, 368)])
def test_a_percentile_is_backed_from_so_many_samples_on(percent: int, least: int) -> None:
    assert ranks(least - 1, percent) is None and ranks(least, percent) is not None
    values = of([0.001 * number for number in range(1, least)])
    assert values.percentiles([percent])[f"p{percent}_interval"] is None


@pytest.mark.parametrize(("count", "percent"), [(20, 50), (100, 90), (500, 99), (4000, 95)])
def test_the_interval_holds_the_percentile_of_the_distribution_as_often_as_it_says(count: int, percent: int) -> None:
    dice, held = random.Random(count), 0
    low, high = ranks(count, percent) or (0, 0)
    for _ in range(400):
        values = sorted(dice.random() for _ in range(count))
        held += values[low - 1] <= percent / 100 <= values[high - 1]
    assert held / 400 >= 0.92


def test_a_packed_histogram_says_the_same_and_counts_on() -> None:
    plain, packed = Histogram(), Histogram()
    for number in range(1, 3000):
        for histogram in (plain, packed):
            histogram.add(0.001 * (number * 7919 % 997 + 1))
        if number % 1000 == 0:
            packed.pack()
    packed.pack()
    assert packed.percentiles() == plain.percentiles()
    whole, other = Histogram(), Histogram()
    whole.merge(packed)
    other.merge(plain)
    assert whole.percentiles() == other.percentiles() == plain.percentiles()
