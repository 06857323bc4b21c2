"""The exact test of very many instances, which swaps those that differ alike by their number."""

from __future__ import annotations

import pytest

from clemsim.results.clusters import Cluster
from clemsim.results.label_swaps import MANY, swap_ps

WON, LOST = Cluster(1, 1, 1, 100.0), Cluster(1, 1, 1, 0.0)


@pytest.mark.parametrize("more", [40, 90, 150])
def test_very_many_yes_or_no_outcomes_are_judged_as_by_the_sign_test(more: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    up, down = MANY // 2 + 100 + more, MANY // 2 + 100 - more
    alike = {f"same {number}": WON for number in range(500)}
    first = {f"{number}": WON if number < up else LOST for number in range(up + down)} | alike
    second = {f"{number}": LOST if number < up else WON for number in range(up + down)} | alike
    found = swap_ps({"game": first}, {"game": second})["worth"]
    assert found == pytest.approx(stats.binomtest(up, up + down).pvalue, abs=0.015)


def test_very_many_scores_of_all_sizes_are_judged_as_by_a_normal_distribution() -> None:
    stats = pytest.importorskip("scipy.stats")
    count = MANY + 500
    gaps = [7.0 * ((number * 37) % 11 - 4.85) for number in range(count)]
    first = {"game": {str(number): Cluster(1, 1, 1, 50 + gap / 2) for number, gap in enumerate(gaps)}}
    second = {"game": {str(number): Cluster(1, 1, 1, 50 - gap / 2) for number, gap in enumerate(gaps)}}
    z = sum(gaps) / sum(gap * gap for gap in gaps) ** 0.5
    assert swap_ps(first, second)["worth"] == pytest.approx(2 * stats.norm.sf(abs(z)), abs=0.015)
