"""The placement of names and rows, axes, and what the marks of a figure say."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import polars as pl
import pytest

from clemsim.analysis.drawing.charts import axis_around, ticks
from clemsim.analysis.drawing.columns import column_of, tick_values
from clemsim.analysis.drawing.dynamics import shown
from clemsim.analysis.drawing.forest import difference_forest, difference_panels
from clemsim.analysis.drawing.labels import WIDE, Box, Label, dodged, overlap, place_names
from clemsim.analysis.drawing.scatter import size_scatter
from clemsim.analysis.questions.group_differences import _with_verdicts

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


def test_points_move_only_as_far_as_their_intervals_hide_each_other() -> None:
    places, spans = [50.0] * 5, [(0.0, 40.0), (10.0, 50.0), (20.0, 60.0), (30.0, 70.0), (90.0, 95.0)]
    moved = dodged(places, spans, 8)
    assert all(abs(first - second) >= 8 for first, second in combinations(moved[:4], 2))
    assert moved[0] == moved[4] == 50.0 and max(abs(place - 50) for place in moved) <= 20


def test_axes_hold_all_values() -> None:
    axis = axis_around("x", "billions", [0.5, 2000], log=True)
    assert axis.low < 0.5 and axis.high > 2000 and axis.at(axis.share(7)) == pytest.approx(7)
    assert {1, 10, 100, 1000} <= set(ticks(axis))
    flat = axis_around("y", "points", [5, 5])
    assert flat.low < 5 < flat.high
    assert axis_around("y", "points", [0, 40], zero=True).low == 0


def test_rows_stand_below_the_head_of_their_group() -> None:
    column = column_of(
        [{"model": "x", "base": "a"}, {"model": "y", "base": "a"}, {"model": "z", "base": "b"}], 10, head="base"
    )
    assert [row["line"] for row in column.rows] == [1, 2, 4.5]
    assert [(head["text"], head["line"]) for head in column.heads] == [("a", 0), ("b", 3.5)] and column.height == 55


@pytest.mark.parametrize(("ends", "most"), [((-100.0, 45.0), 4), ((-0.3, 0.4), 8), ((0.0, 61.0), 8), ((-2.0, 2.0), 3)])
def test_ticks_are_round_and_few_enough_not_to_collide(ends: tuple[float, float], most: int) -> None:
    values = tick_values(*ends, most)
    assert 2 <= len(values) <= most and all(ends[0] <= value <= ends[1] for value in values) and 0 in values


def test_an_axis_ends_before_a_release_that_lies_far_from_all_others() -> None:
    assert shown([0, 30, 60, 90, 120, 300]) == (0, 120)
    assert shown([0, 200, 230, 260, 290]) == (200, 290)
    assert shown([0, 30, 60, 90]) == (0, 90) and shown([5]) == (5, 5) and shown([0, 10, 300]) == (0, 300)


def _values(part: Any) -> Iterator[Mapping[str, Any]]:
    """Yield all rows of data in a specification."""
    if isinstance(part, Mapping):
        yield from part.get("values", ()) if isinstance(part.get("values"), list) else ()
        for inner in part.values():
            yield from _values(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _values(inner)


def _domains(part: Any) -> Iterator[tuple[float, ...]]:
    """Yield the domains of all horizontal scales in a specification."""
    if isinstance(part, Mapping):
        if isinstance(part.get("x"), Mapping) and "scale" in part["x"]:
            yield tuple(part["x"]["scale"]["domain"])
        for inner in part.values():
            yield from _domains(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _domains(inner)


def _comparison(model: str, verdict: str) -> dict[str, Any]:
    return {
        "group": "g",
        "model": model,
        "reference": "r",
        "difference": -5.0,
        "low": -9.0,
        "high": -1.0,
        "verdict": verdict,
    }


def test_decided_differences_are_filled_and_undecided_ones_hollow() -> None:
    specification = difference_forest([_comparison("x", "lower"), _comparison("y", "undecided")])
    fills = {row["model"]: row["fill"] for row in _values(specification) if isinstance(row, Mapping) and "fill" in row}
    assert fills == {"x": 1.0, "y": 0.0}


def test_a_difference_in_worth_is_not_called_one_in_clemscore() -> None:
    drawn = _values(difference_forest([{**_comparison("x", "lower"), "score": "worth"}, _comparison("y", "lower")]))
    names = {row["model"]: row["metric"] for row in drawn if isinstance(row, Mapping) and "fill" in row}
    assert names == {"x": "worth", "y": "clemscore"}


def test_over_all_games_played_and_quality_show_their_own_verdicts() -> None:
    comparison = _comparison("x", "undecided")
    tests = {"low": -30.0, "high": -20.0, "joint_low": -33.0, "joint_high": -17.0, "verdict": "lower"}
    parts = [
        {"model": "x", "reference": "r", "score": score, **tests, "verdict": verdict}
        for score, verdict in (("played", "lower"), ("quality", "undecided"))
    ]
    cells = {"group": "g", "model": "x", "reference": "r", "clemscore": -5.0, "played": -25.0, "quality": -25.0}
    by_game = [{**cells, "game": game} for game in ("taboo", "overall")]
    drawn = _values(difference_panels([comparison], _with_verdicts(pl.DataFrame(by_game), pl.DataFrame(parts))))
    fills = [(row["metric"], row["fill"]) for row in drawn if isinstance(row, Mapping) and "fill" in row]
    assert {("% Played", 1.0), ("Quality", 0.0), ("clemscore", 0.0), ("Quality", 0.3)} <= set(fills)


def test_all_panels_of_differences_have_one_scale_that_holds_every_interval() -> None:
    cells = {"group": "g", "model": "x", "reference": "r", "clemscore": None}
    of_game = {"played": -99.4, "played_low": -100.0, "played_high": -97.0, "quality": 3.0, "quality_low": None}
    by_game = [{**cells, "game": game, **of_game} for game in ("taboo", "wordle", "overall")]
    (domain,) = set(_domains(difference_panels([_comparison("x", "lower")], by_game)))
    assert domain[0] < -100 and domain[1] > 3


def test_a_size_that_was_never_published_is_a_hollow_mark() -> None:
    sizes: list[tuple[str, float, bool | None]] = [("a", 7, True), ("b", 1760, False), ("c", 2000, True), ("d", 70, None)]
    rows = [
        {"model": name, "parameters": size, "clemscore": 20.0, "low": 10.0, "high": 30.0, "open_weights": open_weights}
        for name, size, open_weights in sizes
    ]

    def hollow(rows: list[dict[str, Any]]) -> set[str]:
        return {row["model"] for row in _values(size_scatter(rows, {})) if isinstance(row, Mapping) and row.get("fill") == 0}

    assert hollow(rows) == {"b"}
    assert hollow([{**row, "size_known": row["model"] != "a"} for row in rows]) == {"a"}
