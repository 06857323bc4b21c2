"""The steersman between an agent's server and its gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clemsim.engines.load import ServerLoad
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.observer import WidthSample
from clemsim.runtime.turn_gate import TurnGate
from clemsim.runtime.width_controller import WidthController
from clemsim.testing import run_virtually
from tests.games import Scripted

QUIET = ServerLoad(running=40, waiting=0, kv_usage=0.5, preemptions=0)


class Told:
    """Keeps the history."""

    def __init__(self) -> None:
        self.history: list[WidthSample] = []

    def steered(self, steering: WidthSample) -> None:
        self.history.append(steering)


class Loaded(Scripted):
    """An agent whose server says these things, one after the other."""

    def __init__(self, loads: list[ServerLoad | None]) -> None:
        super().__init__(lambda view: "")
        self.loads = loads

    async def reply(self, view: View) -> Message:
        return Message("", "")

    async def load(self) -> ServerLoad | None:
        return self.loads.pop(0)


def steer(
    loads: list[ServerLoad | None], before: Callable[[int, WidthController], None] = lambda number, steersman: None
) -> list[int]:
    """The width after each reading; 40 turns are in flight."""

    async def main() -> list[int]:
        gate = TurnGate(64)
        gate.inside = 40
        steersman = WidthController(Loaded(loads), gate, Told(), lambda: 40, None)
        seen: list[int] = []
        async for _ in steersman.readings():
            seen.append(gate.width)
            before(len(seen), steersman)
            if len(seen) == count:
                break
        return seen

    count = len(loads)
    return run_virtually(main())[0]


def test_requests_of_others_that_the_server_turned_away_narrow_the_width_too() -> None:
    rejecting = replace(QUIET, rejections=10)
    assert steer([rejecting, rejecting, rejecting]) == [64, 64, 64]
    assert steer([rejecting, replace(QUIET, rejections=13), replace(QUIET, rejections=13)]) == [64, 28, 28]


def test_one_burst_of_refusals_is_answered_once() -> None:
    def refuse(number: int, steersman: WidthController) -> None:
        if number <= 3:
            steersman.busy()

    assert steer([None] * 4, refuse) == [64, 28, 28, 28]


def test_a_server_that_restarts_counts_from_nothing() -> None:
    assert steer([replace(QUIET, rejections=10), None, replace(QUIET, rejections=2)]) == [64, 64, 64]
