"""The placement of names, and axes."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from clemsim.analysis.drawing.charts import axis_around, ticks
from clemsim.analysis.drawing.labels import WIDE, Box, Label, overlap, place_names, spread_out

SIZE = 9.5


def box(label: Label) -> Box:
    wide, high = len(label.text) * SIZE * WIDE / 2, SIZE * 0.62
    return (label.x - wide, label.y - high, label.x + wide, label.y + high)


@pytest.mark.parametrize("seed", range(3))
def test_forty_names_hide_neither_each_other_nor_a_point(seed: int) -> None:
    rng = random.Random(seed)
    columns = [rng.uniform(40, 820) for _ in range(8)]
    points = [
        (f"a-model-{number}-of-7b-chat"[: rng.randint(6, 24)], rng.choice(columns), rng.uniform(5, 555))
        for number in range(40)
    ]
    placed = place_names(points, 860, 560)
    assert [label.text for label in placed] == [name for name, _, _ in points]
    assert all(overlap(box(first), box(second)) == 0 for first, second in combinations(placed, 2))
    for index, label in enumerate(placed):
        left, top, right, bottom = box(label)
        assert left >= 0 and top >= 0 and right <= 860 and bottom <= 560
        assert not any(left < x < right and top < y < bottom for other, (_, x, y) in enumerate(points) if other != index)


def test_a_name_alone_stands_right_of_its_point_and_off_what_is_blocked() -> None:
    (label,) = place_names([("alone", 100, 100)], 400, 200)
    assert label.x > 100 and label.y == 100 and not label.joined
    (moved,) = place_names([("alone", 100, 100)], 400, 200, blocked=[(100, 98, 400, 102)])
    assert overlap(box(moved), (100, 98, 400, 102)) == 0


def test_a_column_keeps_its_order_and_its_distance() -> None:
    moved = spread_out([50, 50.5, 51, 90], 12, 0, 100)
    assert moved == sorted(moved) and all(second - first >= 12 - 1e-3 for first, second in pairwise(moved))
    assert spread_out([10.0], 12, 0, 100) == [10.0]


def test_axes_hold_all_values() -> None:
    axis = axis_around("x", "billions", [0.5, 2000], log=True)
    assert axis.low < 0.5 and axis.high > 2000 and axis.at(axis.share(7)) == pytest.approx(7)
    assert {1, 10, 100, 1000} <= set(ticks(axis))
    flat = axis_around("y", "points", [5, 5])
    assert flat.low < 5 < flat.high
    assert axis_around("y", "points", [0, 40], zero=True).low == 0
