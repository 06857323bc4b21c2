"""The search for the most conversations that keep an SLO."""

from __future__ import annotations

import pytest

from clemsim.stress.plan.slo_search import TOLERANCE, SloSearch, bounds


def searched(truth: int, first: int = 1, most: int = 1024) -> dict[int, bool]:
    search, tried = SloSearch(first, most), dict[int, bool]()
    while (load := search.next_load(tried)) is not None:
        assert load not in tried
        tried[load] = load <= truth
    return tried


@pytest.mark.parametrize("truth", [1, 2, 3, 7, 8, 9, 100, 777])
def test_it_doubles_then_bisects_until_the_bounds_are_near(truth: int) -> None:
    tried = searched(truth)
    kept, broken = bounds(tried)
    assert kept and broken and kept <= truth < broken and broken - kept <= max(1, TOLERANCE * kept)
    assert len(tried) <= 2 * truth.bit_length() + 3


def test_nothing_is_claimed_beyond_what_was_tried() -> None:
    assert bounds(searched(5000)) == (1024, None)
    assert bounds(searched(0)) == (None, 1)
    assert bounds(searched(3, first=8)) == (3, 4)


def test_a_load_that_kept_it_above_one_that_broke_it_is_noise() -> None:
    assert bounds({1: True, 2: True, 4: False, 8: True}) == (2, 4)
