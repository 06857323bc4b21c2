"""Ratios of several games: the bound of their mean."""

from __future__ import annotations

from random import Random

import pytest

from clemsim.results.ratio_sequence import RatioSequence


def seen(values: list[tuple[float, float, int]], games: int) -> RatioSequence:
    sequence = RatioSequence(games)
    for s, w, game in values:
        sequence.add((s, w), game)
    return sequence


def test_nothing_is_known_at_first() -> None:
    assert RatioSequence(3).interval == (0, 1)
    assert seen([(0.0, 0.0, 0)] * 50, 1).interval == (0, 1)


def test_the_mean_over_games_is_unweighted() -> None:
    rng = Random(3)
    rounds = [(float(rng.random() < 0.9), 1.0, 0) for _ in range(900)]
    rounds += [(float(rng.random() < 0.1), 1.0, 1) for _ in range(300)]
    low, high = seen(rounds, 2).interval
    assert 0.4 < low < 0.5 < high < 0.6


def test_a_game_that_was_never_seen_may_be_anything() -> None:
    low, high = seen([(1.0, 1.0, 0)] * 500, 2).interval
    assert 0.45 < low < 0.5 and high == 1


def test_pairs_out_of_bounds() -> None:
    with pytest.raises(ValueError, match="not 0 <="):
        RatioSequence(1).add((0.5, 0.4), 0)
