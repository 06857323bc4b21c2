"""The controller between an agent's server and its gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clemsim.engines.load import ServerLoad
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.observer import Observer, WidthSample
from clemsim.runtime.turn_gate import ServerGate, TurnGate
from clemsim.runtime.width_controller import WidthController
from clemsim.testing import run_virtually
from tests.games import Scripted

QUIET = ServerLoad(running=40, waiting=0, kv_usage=0.5, preemptions=0)


class History(Observer):
    """Keeps the history of the width."""

    def __init__(self) -> None:
        self.samples: list[WidthSample] = []

    def width_sampled(self, sample: WidthSample) -> None:
        self.samples.append(sample)


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
    loads: list[ServerLoad | None], before: Callable[[int, WidthController], None] = lambda number, controller: None
) -> list[int]:
    """The width after each reading; 40 turns are in flight."""

    async def main() -> list[int]:
        gate = ServerGate(64)
        gate.inside = 40
        controller = WidthController({Loaded(loads): TurnGate(gate)}, gate, History(), lambda agent: 40, None)
        seen: list[int] = []
        async for _ in controller.readings():
            seen.append(gate.width)
            before(len(seen), controller)
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
    def refuse(number: int, controller: WidthController) -> None:
        if number <= 3:
            controller.note_busy()

    assert steer([None] * 4, refuse) == [64, 28, 28, 28]


def test_a_server_that_restarts_counts_from_nothing() -> None:
    assert steer([replace(QUIET, rejections=10), None, replace(QUIET, rejections=2)]) == [64, 64, 64]
