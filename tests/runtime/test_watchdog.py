"""The watchdog: one step that holds the event loop is named, with its author's line, and once it is over."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest

from clemsim import Arena, Instance, Outcome, Table, Transcript
from clemsim.runtime import watchdog
from clemsim.runtime.observer import Observer, ResultCollector
from clemsim.runtime.scheduler import Scheduler
from clemsim.runtime.watchdog import SlowStep
from tests.games import Scripted


class Sleepy(Arena[Instance]):
    """Sleeps in its second episode."""

    name, seats = "sleepy", ("one",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """One turn, and perhaps a nap."""
        await table.ask("one", "Well?")
        if instance.id == 1:
            nap(0.4)  # in play
        return Outcome.success()


class SleepyMetric(Sleepy):
    """Sleeps when the second episode is scored."""

    name = "sleepy-metric"

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """One turn."""
        await table.ask("one", "Well?")
        return Outcome.success()

    def metrics(self, transcript: Transcript[Instance], /) -> dict[str, float | None]:
        """None, after a nap."""
        if transcript.instance.id == 1:
            nap(0.4)  # in a metric
        return {}


def nap(seconds: float) -> None:
    """Hold the event loop."""
    time.sleep(seconds)


class Scoring(Observer):
    """Asks for the scores of each episode."""

    def finished(self, result: object) -> None:
        """Compute them."""
        assert result.scores  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PERIOD", 0.01)
    monkeypatch.setattr(watchdog, "LONG", 0.1)


async def steps_of(arena: Arena[Instance], *others: Arena[Instance]) -> list[SlowStep]:
    """What the watchdog of the first arena's scheduler tells, while those of others share the loop."""
    said: list[SlowStep] = []
    scheduler = Scheduler(Scoring())
    scheduler.slow_steps.tell = said.append
    agent = Scripted(lambda view: "well")
    await scheduler.play([episode for kind in (arena, *others) for episode in kind.episodes(three(), agent)])
    return said


def three() -> list[Instance]:
    return [Instance(id=number) for number in range(3)]


@pytest.mark.parametrize(
    ("arena", "what", "line"),
    [(Sleepy(), "one step of play", "# in play"), (SleepyMetric(), "scoring it", "# in a metric")],
)
async def test_a_slow_step_is_told_once_and_when_it_is_over(arena: Arena[Instance], what: str, line: str) -> None:
    begun, over = await steps_of(arena)
    assert begun.episode == over.episode == f"{arena.name}/default/1" and begun.what == over.what == what
    assert not begun.over and 0.1 <= begun.seconds < over.seconds and over.over
    assert len(begun.frames) == 4 and line in begun.frames[1] and Path(__file__).name in begun.frames[0]
    assert str(begun).startswith(f"{arena.name}/default/1 holds the event loop: {what} has taken ")
    assert "has let the event loop go" in str(over)


async def test_many_short_steps_are_not_a_long_one() -> None:
    class Busy(Sleepy):
        name = "busy"

        async def play(self, table: Table, instance: Instance, /) -> Outcome:
            """Twenty steps, none of them long."""
            for _ in range(20):
                await table.ask("one", "Well?")
                nap(0.02)
            return Outcome.success()

    assert await steps_of(Busy()) == []


async def test_a_scheduler_tells_of_its_own_episodes_alone() -> None:
    said: list[SlowStep] = []
    one, other = Scheduler(ResultCollector()), Scheduler(ResultCollector())
    one.slow_steps.tell = said.append
    other.slow_steps.tell = lambda step: None
    agent = Scripted(lambda view: "well", delay=lambda view: 0.05)
    await asyncio.gather(one.play(Sleepy().episodes([Instance()], agent)), other.play(Sleepy().episodes(three(), agent)))
    assert said == []


async def test_without_a_listener_it_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "clemsim"):
        await Sleepy().run(three(), Scripted(lambda view: "well"))
    assert "sleepy/default/1 holds the event loop: one step of play" in caplog.text and "# in play" in caplog.text
