"""Sharing something out fairly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim._util.fair_shares import fair_shares, whole_shares


@pytest.mark.parametrize(
    ("total", "wants", "weights", "shares"),
    [
        (60, [100, 100, 100], [1, 1, 1], [20, 20, 20]),
        (60, [100, 100], [30, 10], [45, 15]),
        (60, [5, 100, 100], [100, 10, 10], [5, 27.5, 27.5]),  # what one does not want goes to the others
        (60, [10, 10], [1, 9], [10, 10]),
        (60, [100, 100], [0, 1], [0, 60]),
        (60, [], [], []),
    ],
)
def test_fair_shares(total: float, wants: list[float], weights: list[float], shares: list[float]) -> None:
    assert fair_shares(total, wants, weights) == pytest.approx(shares)


@given(st.integers(0, 200), st.lists(st.tuples(st.integers(0, 90), st.integers(1, 50)), min_size=1, max_size=9))
def test_whole_shares_give_all_away_and_nobody_more_than_is_wanted(total: int, some: list[tuple[int, int]]) -> None:
    wants, weights = [want for want, _ in some], [float(weight) for _, weight in some]
    shares, exact = whole_shares(total, wants, weights), fair_shares(total, wants, weights)
    assert sum(shares) == min(total, sum(wants))
    assert all(share <= want for share, want in zip(shares, wants, strict=True))
    if total >= len(some):
        assert all(share or not want for share, want in zip(shares, wants, strict=True))
    if all(fair >= 1 or not fair for fair in exact):
        assert all(abs(share - fair) < 1 for share, fair in zip(shares, exact, strict=True))
