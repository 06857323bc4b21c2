"""Public against fresh instances, by formulas."""

from __future__ import annotations

import random

import pytest

from clemsim.results.clusters import Cluster
from clemsim.results.freshness import freshness, freshness_between

WON, LOST = Cluster(1, 1, 1, 100.0), Cluster(1, 1, 1, 0.0)

Games = dict[str, dict[str, Cluster]]


def won(share: float, count: int = 400, **others: dict[str, Cluster]) -> Games:
    return {"a": {str(i): WON if i < share * count else LOST for i in range(count)}, **others}


def test_the_difference_of_one_agent_has_the_interval_of_independent_scores() -> None:
    found = freshness(won(0.6), won(0.5), "worth")
    half = 196 * (0.6 * 0.4 / 400 + 0.5 * 0.5 / 400) ** 0.5
    assert found.value == pytest.approx(10) and found.interval == pytest.approx((10 - half, 10 + half), abs=0.2)
    assert found.p == pytest.approx(0.0044, abs=0.001)  # z = 10 / 3.5


def test_only_games_of_both_suites_count_and_few_instances_say_nothing() -> None:
    found = freshness(won(0.6, b={"0": LOST}), won(0.5), "worth")
    assert found.value == pytest.approx(10)
    few = freshness(won(0.5, 4), won(0.5, 4), "worth")
    assert (few.value, few.interval) == (0.0, None)
    assert freshness(won(0.5), {"b": {"0": WON}}, "worth").value is None


def test_the_difference_in_differences_by_hand() -> None:
    rng = random.Random(4)

    def drawn(share: float) -> Games:
        return {"a": {str(i): WON if rng.random() < share else LOST for i in range(900)}}

    public, fresh = (drawn(0.8), drawn(0.5)), (drawn(0.5), drawn(0.5))
    found = freshness_between(public, fresh, "worth")
    half = 196 * ((0.8 * 0.2 + 3 * 0.25) / 900) ** 0.5
    assert found.value == pytest.approx(30, abs=7) and found.interval is not None
    assert found.interval[1] - found.interval[0] == pytest.approx(2 * half, rel=0.06)
    assert found.p is not None and found.p < 0.001
    same = freshness_between((public[0], public[0]), (fresh[0], fresh[0]), "worth")
    assert same.value == 0 and same.p == 1.0


def test_a_difference_of_differences_may_exceed_the_scale_of_a_difference() -> None:
    found = freshness_between((won(1), won(0)), (won(0), won(1)), "worth")
    assert found.value == 200 and found.interval and found.interval[1] == 200 and found.interval[0] < 200
