"""The knee of known curves."""

from __future__ import annotations

import random

import pytest

from clemsim.stress.measure.knee import Step, find_knee

SWEEP = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def steps(curve: dict[int, float], noise: float = 0.0, seed: int = 0) -> list[Step]:
    """Return a sweep along a curve of throughput by concurrency, in eight parts each, with relative noise."""
    dice = random.Random(seed)
    return [Step(load, [rate * dice.gauss(1, noise) for _ in range(8)]) for load, rate in curve.items()]


@pytest.mark.parametrize("capacity", [5, 64, 100, 200])
@pytest.mark.parametrize("seed", range(5))
def test_the_knee_is_where_the_two_lines_meet(capacity: int, seed: int) -> None:
    knee = find_knee(steps({load: 47.0 * min(load, capacity) for load in SWEEP}, 0.05, seed))
    assert knee and knee.reached and knee.concurrency == pytest.approx(capacity, rel=0.1)
    assert knee.interval[0] <= knee.concurrency <= knee.interval[1]
    assert knee.rate == pytest.approx(47 * capacity, rel=0.05) and knee.alone == pytest.approx(47, rel=0.05)


def test_one_odd_step_decides_nothing() -> None:
    curve = {load: 10.0 * min(load, 32) for load in SWEEP} | {4: 25.0, 256: 290.0}
    knee = find_knee(steps(curve))
    assert knee and knee.concurrency == pytest.approx(32, rel=0.05)


def test_a_server_that_slows_down_bends_early() -> None:
    knee = find_knee(steps({load: 28 * load / (1 + load / 6) for load in SWEEP}))
    assert knee and knee.reached and 4 < knee.concurrency < 8


def test_no_knee_is_claimed_where_throughput_still_grows() -> None:
    knee = find_knee(steps({load: 10.0 * load for load in SWEEP}))
    assert knee and not knee.reached
    assert find_knee(steps({1: 10.0, 2: 20.0})) is None and find_knee([]) is None
    assert find_knee([Step(load, []) for load in SWEEP]) is None
