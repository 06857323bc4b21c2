"""A load that several processes share."""

from __future__ import annotations

import pytest

from clemsim.errors import ClemsimError, UsageError
from clemsim.stress.load.processes import ShareFindings, added_up, share_of_plan, side_by_side, together
from clemsim.stress.measure.segments import Segment
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage


def plan(*stages: Stage, **more: object) -> Plan:
    return Plan(agents=["m@http://127.0.0.1:1/v1"], urls=["http://127.0.0.1:1"], stages=stages, **more)  # type: ignore[arg-type]


def segment(stage: int, begin: float, *, measured: bool = True, turns: int = 1, cpu: float = 0.0) -> Segment:
    made = Segment(begin, stage, measured, end=begin + 1, turns=turns, cpu=cpu, in_flight=2.0 * turns)
    made.latencies.turn.add(0.1 * turns)
    return made


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_shares_add_up_to_the_load(processes: int) -> None:
    whole = plan(Stage(10, 23, 5.0), max_requests=1000)
    shares = [share_of_plan(whole, number, processes) for number in range(processes)]
    assert sum(share.stages[0].first for share in shares) == 10 and sum(share.stages[0].last for share in shares) == 23
    assert sum(share.max_requests for share in shares) == 1000 and len({share.seed for share in shares}) == processes


def test_a_rate_is_shared_evenly() -> None:
    share = share_of_plan(plan(Stage(5, 5, 5.0, open_loop=True)), 1, 4)
    assert share.stages[0].first == share.stages[0].last == 1.25


def test_what_cannot_be_shared_is_refused() -> None:
    with pytest.raises(UsageError, match="fewer conversations"):
        share_of_plan(plan(Stage(3, 3, 5.0)), 0, 4)
    with pytest.raises(UsageError, match="--workers goes with"):
        share_of_plan(plan(sweep=[1, 2, 4]), 0, 2)


def test_segments_of_one_time_are_one() -> None:
    one = side_by_side([segment(0, 1.0, turns=2, cpu=0.5), segment(0, 1.2, turns=3, cpu=0.7)])
    assert (one.begin, one.end, one.turns, one.in_flight, one.cpu) == (1.1, 2.1, 5, 10.0, 0.7)
    assert one.latencies.turn.count == 2 and one.latencies.turn.greatest == pytest.approx(0.3)


def test_stretches_meet_their_like_however_many_segments_they_have() -> None:
    first = [segment(0, 0, measured=False), segment(0, 1), segment(0, 2), segment(1, 3)]
    second = [segment(0, 0, measured=False), segment(0, 1), segment(1, 3), segment(1, 4)]
    total = added_up([first, second])
    assert [(each.stage, each.measured, each.turns) for each in total] == [
        (0, False, 2),
        (0, True, 2),
        (0, True, 1),
        (1, True, 2),
        (1, True, 1),
    ]


def test_an_error_of_one_process_is_raised() -> None:
    with pytest.raises(ClemsimError, match="no server"):
        together(plan(Stage(4, 4, 5.0)), [ShareFindings((), None), ShareFindings((), None, UsageError("no server"))])
