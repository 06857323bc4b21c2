"""The measures of a canary: what is same, worse, better or open."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from clemsim.canary.measures import Measure, PlayedArm, answered, make_measures
from clemsim.canary.verdict import CanaryMeasure
from clemsim.game.outcomes import Outcome

WON, LOST, ABORTED = Outcome.success(100.0), Outcome.failure(""), Outcome.aborted("", blame="")


def arm(outcome: Outcome, rate: float = 100.0) -> PlayedArm:
    return PlayedArm(outcome, int(10 * rate), 10.0, ())


def told(pairs: Sequence[tuple[PlayedArm, PlayedArm]], margin: float = 10, speed: float | None = 1.2) -> list[CanaryMeasure]:
    measures: Sequence[Measure] = make_measures(margin, speed, len(pairs))
    for pair in pairs:
        for measure in measures:
            measure.add({"game": [pair]})
    return [measure.state() for measure in measures]


def test_equal_pairs_are_the_same_in_time_and_not_at_once() -> None:
    pairs = [(arm(won), arm(won)) for won in (WON, LOST)] * 50
    assert [state.answer for state in told(pairs)] == ["same", "same", "same"]
    assert [state.answer for state in told(pairs[:20])] == ["open", "open", "same"]


def test_what_aborts_is_worse_in_worth_and_in_played() -> None:
    worth, played, speed = told([(arm(WON), arm(ABORTED)), (arm(WON), arm(WON))] * 40)
    assert (worth.answer, played.answer, speed.answer) == ("worse", "worse", "same")
    assert (worth.a, worth.b, worth.estimate) == (100, 50, -50) and worth.interval[1] is not None
    assert -100 <= worth.interval[0] < -50 < worth.interval[1] <= -10


def test_half_the_speed_is_worse_and_twice_is_better() -> None:
    assert told([(arm(WON), arm(WON, 50.0))] * 12)[2].answer == "worse"
    assert told([(arm(WON), arm(WON, 200.0))] * 12)[2].answer == "better"
    assert [state.name for state in told([(arm(WON), arm(WON))], speed=None)] == ["worth", "played"]


def test_who_has_nothing_to_lose_is_never_the_same() -> None:
    worth, played, _ = told([(arm(ABORTED), arm(ABORTED))] * 100)
    assert (worth.answer, played.answer) == ("open", "open")


def test_pairs_without_tokens_say_nothing_of_speed() -> None:
    silent = PlayedArm(WON, 0, 0.0, ())
    assert told([(silent, arm(WON))] * 20)[2].pairs == 0


def test_few_pairs_could_have_seen_large_changes_only() -> None:
    rng = Random(1)
    pairs = [(arm(rng.choice((WON, LOST))), arm(rng.choice((WON, LOST)))) for _ in range(200)]
    few, many = told(pairs[:40])[0].visible, told(pairs)[0].visible
    assert few is not None and many is not None and 100 >= few > many > 10


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [(-30, -10, "worse"), (10, 30, "better"), (-9, 9, "same"), (-9, 10, "open"), (-30, -5, "open"), (-30, 30, "open")],
)
def test_what_an_interval_says(low: float, high: float, answer: str) -> None:
    assert answered(low, high, -10, 10) == answer
