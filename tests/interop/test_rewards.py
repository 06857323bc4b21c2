"""What a seat has earned, as those who train models are told."""

from __future__ import annotations

import pytest

from clemsim import Outcome
from clemsim.interop.rewards import seat_reward


@pytest.mark.parametrize(
    ("outcome", "left", "right"),
    [
        (Outcome.success(quality=50.0), 0.5, 0.5),
        (Outcome.failure("lost"), 0.0, 0.0),
        (Outcome.scores({"left": 3.0, "right": -3.0}), 3.0, -3.0),
        (Outcome.aborted("no clue", blame="left"), -1.0, 0.0),
    ],
)
def test_a_seat_earns_its_score_or_the_quality_that_all_share(outcome: Outcome, left: float, right: float) -> None:
    assert (seat_reward(outcome, "left"), seat_reward(outcome, "right")) == (left, right)


def test_what_a_forfeit_costs_can_be_chosen() -> None:
    assert seat_reward(Outcome.aborted("no clue", blame="left"), "left", forfeit=-5.0) == -5.0
