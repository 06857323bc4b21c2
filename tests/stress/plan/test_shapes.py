"""Load shapes, durations and limits: how they are written, and what they mean."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from clemsim.errors import UsageError
from clemsim.stress.plan.durations import parse_duration, parse_positive_duration
from clemsim.stress.plan.shapes import Stage, ThinkTime, arrival_times, parse_stage, parse_sweep, still_growing
from clemsim.stress.plan.slo import Slo


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("64:30s", Stage(64, 64, 30)),
        ("1..64:2m", Stage(1, 64, 120)),
        ("5/s:500ms", Stage(5, 5, 0.5, open_loop=True)),
        ("0/s..10/s:1h", Stage(0, 10, 3600, open_loop=True)),
        ("1/s..2.5/s:3", Stage(1, 2.5, 3, open_loop=True)),
    ],
)
def test_stages_are_read(text: str, stage: Stage) -> None:
    assert parse_stage(text) == stage


@pytest.mark.parametrize(
    "text", ["", "64", "64:", "64:0s", "0:1s", "1.5:1s", "/s:1s", "a:1s", "5/s:soon", "0/s:1s", "-1:1s", "1.2.3:1s"]
)
def test_texts_that_are_no_stage(text: str) -> None:
    with pytest.raises(UsageError, match="--stage"):
        parse_stage(text)


def test_a_sweep_ends_at_its_end_and_no_step_comes_twice() -> None:
    assert parse_sweep("1:1024") == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert parse_sweep("3:10") == [3, 6, 10] and parse_sweep("5:5") == [5]
    steps = parse_sweep("1:100:1.2")
    assert steps == sorted(set(steps)) and steps[-1] == 100


@pytest.mark.parametrize("text", ["0:5", "5:1", "1", "1:2:1", "a:b", "1:10:", ""])
def test_texts_that_are_no_sweep(text: str) -> None:
    with pytest.raises(UsageError, match="--sweep"):
        parse_sweep(text)


def test_constant_arrivals_keep_their_rate_through_ramps_and_stages() -> None:
    stages = [Stage(2, 2, 5, open_loop=True), Stage(0, 10, 4, open_loop=True), Stage(10, 0, 4, open_loop=True)]
    times = list(arrival_times(stages, "constant", random.Random(1)))
    assert Counter(number for _, number in times) == {0: 9, 1: 20, 2: 20}
    assert [at for at, number in times if number == 0] == [0.5 * step for step in range(1, 10)]
    rising = [at - 5 for at, number in times if number == 1]
    assert sum(at < 2 for at in rising) == 5  # a quarter of them in the first half of a ramp from nothing
    assert [at for at, _ in times] == sorted(at for at, _ in times)


def test_poisson_arrivals_have_the_mean_and_the_spread_of_their_rate() -> None:
    times = [at for at, _ in arrival_times([Stage(50, 50, 200, open_loop=True)], "poisson", random.Random(3))]
    counts = Counter(int(at) for at in times)
    seconds = [counts[second] for second in range(200)]
    mean = sum(seconds) / 200
    assert mean == pytest.approx(50, rel=0.04)
    assert sum((count - mean) ** 2 for count in seconds) / 199 == pytest.approx(50, rel=0.35)
    assert times == [at for at, _ in arrival_times([Stage(50, 50, 200, open_loop=True)], "poisson", random.Random(3))]


def test_a_closed_ramp_goes_from_its_first_load_to_its_last() -> None:
    ramp = Stage(1, 64, 10)
    assert (ramp.load_at(0), ramp.load_at(5), ramp.load_at(99)) == (1, 32.5, 64) and ramp.label == "1..64"


def test_think_times_are_read_and_drawn() -> None:
    dice = random.Random(0)
    assert ThinkTime.parse("2s").draw(dice) == 2.0 and ThinkTime().draw(dice) == 0.0
    drawn = [ThinkTime.parse("exp:100ms").draw(dice) for _ in range(4000)]
    assert sum(drawn) / 4000 == pytest.approx(0.1, rel=0.06) and len(set(drawn)) == 4000
    with pytest.raises(UsageError, match="--think"):
        ThinkTime.parse("sometimes:2s")


def test_throughput_that_no_longer_grows() -> None:
    assert still_growing([1, 2], 0.05, 2) and still_growing([1, 2, 4, 4.1], 0.05, 2)
    assert not still_growing([1, 2, 4, 4.1, 4.1], 0.05, 2) and not still_growing([5, 4, 3], 0.05, 2)


def test_slos_are_read_and_met() -> None:
    slo = Slo.parse("ttft=500ms, turn=5s")
    assert slo.limits == {"ttft": 0.5, "turn": 5.0} and slo.limits_turns and str(slo) == "ttft 500 ms, turn 5000 ms"
    assert slo.judge({"ttft": 0.5, "turn": 5.0}) is True and slo.judge({"ttft": 0.51, "turn": None}) is False
    assert slo.judge({"ttft": 0.1, "turn": None, "itl": 9.0}) is None
    field = Slo.parse("ttft:200 tpot:30 e2el:3000")
    assert field.limits == {"ttft": 0.2, "tpot": 0.03, "turn": 3.0} and Slo.parse("request_latency:2s").limits == {
        "turn": 2.0
    }
    with pytest.raises(UsageError, match="bare number has no unit: write ttft=200ms, ttft=200s, or ttft:200 for ms"):
        Slo.parse("ttft=200")
    assert Slo.parse("ttft=1s,conversation=1m").keeps_conversation(60) and not slo.judge({})
    assert not Slo.parse("conversation=1m").limits_turns and Slo.parse("").limits == {}
    for wrong in ("ttft", "ttft=", "ttft=fast", "speed=5s", "ttft=1s,ttft=2s"):
        with pytest.raises(UsageError, match="--slo"):
            Slo.parse(wrong)


def test_durations_are_read() -> None:
    assert parse_duration("250us", "--x") == pytest.approx(0.00025) and parse_duration("1.5", "--x") == 1.5
    assert parse_positive_duration("2m", "--x") == 120 and parse_duration("0s", "--x") == 0
    with pytest.raises(UsageError, match="--x 0s: give a time above 0"):
        parse_positive_duration("0s", "--x")
