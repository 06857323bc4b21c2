"""A refused key or model ends a run that was never answered; later it is the matter of one request, up to a point."""

from __future__ import annotations

import pytest

from clemsim.engines.base import Completion, Engine, Request, Sampling
from clemsim.errors import EngineError, Unauthorized, UnknownModel
from clemsim.game.messages import Usage
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.observer import ResultCollector
from clemsim.runtime.refusals import BEYOND_DOUBT
from clemsim.runtime.scheduler import Scheduler
from tests.games import Guessing, Number


class Moody(Engine):
    """Answers the requests of some numbers, and refuses the others."""

    name, width = "moody", 1

    def __init__(self, error: type[EngineError], answered: range) -> None:
        self.error = error
        self.answered = answered
        self.requests = 0

    async def complete(self, request: Request) -> Completion:
        """Answer or refuse."""
        self.requests += 1
        if self.requests not in self.answered:
            raise self.error("no")
        return Completion("GUESS: 5", "", "stop", Usage(self.name, 0, 0.0, 0.0))


async def played(engine: Moody, episodes: int) -> ResultCollector:
    collector = ResultCollector()
    instances = [Number(id=number) for number in range(episodes)]
    await Scheduler(collector).play(Guessing().episodes(instances, ModelAgent(engine, Sampling())))
    return collector


@pytest.mark.parametrize("error", [Unauthorized, UnknownModel])
async def test_a_refusal_amid_answers_is_that_of_its_episode(error: type[EngineError]) -> None:
    found = await played(Moody(error, range(1, 1000, 2)), 10)
    ends = [result.outcome.kind if result.outcome else result.cause for result in found.results.values()]
    assert sorted(ends) == sorted(["success", error.cause] * 5)


@pytest.mark.parametrize("error", [Unauthorized, UnknownModel])
async def test_a_refusal_from_the_beginning_ends_the_run(error: type[EngineError]) -> None:
    engine = Moody(error, range(0))
    with pytest.raises(error):
        await played(engine, 10)
    assert engine.requests == 1


async def test_a_key_that_is_refused_for_good_ends_the_run_later() -> None:
    engine = Moody(Unauthorized, range(1, 11))
    with pytest.raises(Unauthorized):
        await played(engine, 10 + 2 * BEYOND_DOUBT)
    assert engine.requests == 10 + BEYOND_DOUBT
