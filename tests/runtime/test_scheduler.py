"""The scheduler under a virtual clock: width, admission, faults, stopping."""

from __future__ import annotations

import asyncio

import pytest

from clemsim import Agent, Message, View
from clemsim.errors import AgentError, BadRequest, EngineUnavailable, Unauthorized
from clemsim.runtime.episode import Result
from clemsim.runtime.observer import ResultCollector
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import run_virtually
from tests.games import Guessing, Number, Scripted, guess_by_seed

INSTANCES = [Number(id=index, target=index % 10) for index in range(60)]


def play(agent: Agent, width: int | None = None, seed: int = 0) -> tuple[list[Result], float]:
    return run_virtually(Guessing().run(INSTANCES, agent, width=width, seed=seed))


def test_all_episodes_are_in_flight_together() -> None:
    agent = Scripted(lambda view: "GUESS: 99", lambda view: 0.05)
    results, seconds = play(agent)
    assert agent.peak == 60
    assert seconds == pytest.approx(4 * 0.05)
    assert all(result.outcome for result in results)


def test_width_is_kept() -> None:
    agent = Scripted(lambda view: "GUESS: 99", lambda view: 0.05)
    _, seconds = play(agent, width=6)
    assert agent.peak == 6
    assert seconds == pytest.approx(60 * 4 * 0.05 / 6)


def test_an_agents_own_width_is_kept() -> None:
    agent = Scripted(lambda view: "GUESS: 99", lambda view: 0.05)
    agent.width = 7
    play(agent)
    assert agent.peak == 7


@pytest.mark.parametrize("width", [1, 2, 7, 60, None])
def test_transcripts_are_the_same_at_any_width(width: int | None) -> None:
    reference, _ = play(Scripted(guess_by_seed), width=1)
    slow = Scripted(guess_by_seed, lambda view: (view.seed % 100) / 1000)
    results, _ = play(slow, width=width)
    assert [result.transcript.events for result in results] == [result.transcript.events for result in reference]


def test_another_seed_gives_other_transcripts() -> None:
    one, _ = play(Scripted(guess_by_seed), seed=1)
    other, _ = play(Scripted(guess_by_seed), seed=2)
    assert [each.transcript.events for each in one] != [each.transcript.events for each in other]


def test_a_slow_episode_holds_up_nobody() -> None:
    def delay(view: View) -> float:
        return 10.0 if view.key.instance == "default/0" else 0.1

    _, seconds = play(Scripted(lambda view: "GUESS: 99", delay), width=2)
    assert seconds == pytest.approx(40.0)


class Failing(Agent):
    """Raises for some episodes."""

    name = "failing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def reply(self, view: View) -> Message:
        """Fail in every third episode, at its second turn."""
        await asyncio.sleep(0.01)
        if int(view.key.instance.split("/")[1]) % 3 == 0 and view.turn == 2:
            raise self.error
        return Message(view.seat, "GUESS: 99")


@pytest.mark.parametrize("error", [EngineUnavailable("gone"), BadRequest("no"), Unauthorized("moody")])
def test_a_failed_request_leaves_its_episode_unfinished_and_the_others_alone(error: Exception) -> None:
    results, _ = play(Failing(error))
    unfinished = [result for result in results if result.outcome is None]
    assert len(unfinished) == 20
    assert {result.cause for result in unfinished} == {error.cause}  # type: ignore[attr-defined]
    assert len(unfinished[0].transcript.turns) == 1


def test_an_agents_bug_ends_the_run_and_names_the_place() -> None:
    with pytest.raises(AgentError, match=r"agent failing raised KeyError: 'x' \(guessing/default/\d+, guesser, turn 2\)"):
        play(Failing(KeyError("x")))


def test_a_stopped_run_leaves_episodes_where_they_are() -> None:
    async def main() -> tuple[Scheduler, ResultCollector]:
        keeper = ResultCollector()
        scheduler = Scheduler(keeper, 10)
        episodes = Guessing().episodes(INSTANCES, Scripted(lambda view: "GUESS: 99", lambda view: 1.0))
        asyncio.get_running_loop().call_later(6.5, scheduler.stop)
        await scheduler.play(episodes)
        return scheduler, keeper

    (scheduler, keeper), seconds = run_virtually(main())
    assert seconds == pytest.approx(6.5)
    assert len(keeper.results) == scheduler.progress.done == 10
    assert scheduler.progress.in_flight == 0 and scheduler.progress.turns == 60


def test_progress_counts() -> None:
    async def main() -> Scheduler:
        scheduler = Scheduler(ResultCollector())
        await scheduler.play(Guessing().episodes(INSTANCES, Scripted(lambda view: "GUESS: 99")))
        return scheduler

    scheduler, _ = run_virtually(main())
    progress = scheduler.progress
    assert (progress.episodes, progress.done, progress.turns, progress.requests) == (60, 60, 240, 240)
    assert (progress.tokens_in, progress.tokens_out, progress.in_flight) == (240, 240, 0)


class BackingOff(Agent):
    """Some of its turns wait long before another attempt, as an engine does."""

    name = "backing off"
    width = 2
    requests = True

    def __init__(self) -> None:
        self.busy = self.peak = 0

    async def reply(self, view: View) -> Message:
        """Half a second of work; the first two episodes wait a hundred before it."""
        if view.key.instance in ("default/0", "default/1"):
            async with view.slot.release_while_waiting(EngineUnavailable("away")):
                await asyncio.sleep(100)
        self.busy += 1
        self.peak = max(self.peak, self.busy)
        await asyncio.sleep(0.5)
        self.busy -= 1
        return Message(view.seat, "GUESS: 99")


def test_backing_off_holds_up_nobody() -> None:
    agent = BackingOff()

    async def main() -> tuple[float, list[str]]:
        ended: list[str] = []

        class Order(ResultCollector):
            def finished(self, result: Result) -> None:
                ended.append(result.key.instance)

        episodes = Guessing().episodes(INSTANCES[:10], agent)
        await Scheduler(Order()).play(episodes)
        return asyncio.get_running_loop().time(), ended

    (_, ended), seconds = run_virtually(main())
    assert agent.peak == 2
    assert set(ended[-2:]) == {"default/0", "default/1"} and len(ended) == 10
    assert seconds == pytest.approx(4 * (100 + 0.5), abs=0.6)  # the others are long done when the two come back


def test_a_run_can_be_stopped_while_it_backs_off() -> None:
    async def main() -> Scheduler:
        scheduler = Scheduler(ResultCollector())
        asyncio.get_running_loop().call_later(50, scheduler.stop)
        await scheduler.play(Guessing().episodes(INSTANCES[:10], BackingOff()))
        return scheduler

    scheduler, seconds = run_virtually(main())
    assert seconds == pytest.approx(50)
    assert scheduler.progress.in_flight == 0 and scheduler.progress.done == 8
