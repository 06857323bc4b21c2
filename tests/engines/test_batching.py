"""Turns that share a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from clemsim.engines.answers import apportion, read_batch
from clemsim.engines.base import ChatMessage, Completion, Request, Sampling
from clemsim.engines.batching import Batcher
from clemsim.engines.chat import ChatEngine
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import BadRequest, EngineError, EngineUnavailable, UsageError
from clemsim.game.messages import Usage
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.config import RunConfig
from clemsim.stress.games.talk import Talk, topics
from clemsim.testing import run_virtually
from tests.engines import servers
from tests.talk import Watching
from tests.talk import seat as make_agent


def request(text: str = "hi", *, episode: str = "talk/0", seat: str = "speaker", temperature: float = 0.0) -> Request:
    return Request([ChatMessage(role="user", content=text)], Sampling(temperature=temperature), 1, episode, seat, 1)


class Echo:
    """Answers with the messages of the requests; keeps the batches."""

    def __init__(self, error: EngineError | None = None) -> None:
        self.batches: list[list[str]] = []
        self.error = error

    async def send(self, requests: list[Request]) -> list[Completion]:
        texts = [request.messages[0]["content"] for request in requests]
        self.batches.append(texts)
        await asyncio.sleep(1)
        if self.error:
            raise self.error
        return [Completion(text, "", "stop", Usage("m", 1, 0.0, 1.0)) for text in texts]


def complete(echo: Echo, *requests: Request, size: int = 3, gap: float = 0.0) -> tuple[list[str | None], float]:
    """Return the replies (None: the request has to go alone), and the virtual seconds that they took."""

    async def main() -> list[str | None]:
        batcher = Batcher(echo.send, size, window=0.1)

        async def reply(number: int, request: Request) -> str | None:
            await asyncio.sleep(number * gap)
            completion = await batcher.complete(request)
            return completion.text if completion else None

        return list(await asyncio.gather(*(reply(number, request) for number, request in enumerate(requests))))

    return run_virtually(main())


def test_a_full_batch_goes_at_once_and_the_rest_after_the_window() -> None:
    echo = Echo()
    answers, seconds = complete(echo, *(request(str(number)) for number in range(5)))
    assert echo.batches == [["0", "1", "2"], ["3", "4"]] and answers == ["0", "1", "2", "3", "4"]
    assert seconds == pytest.approx(1.1)


def test_a_turn_that_comes_after_the_window_goes_alone() -> None:
    echo = Echo()
    answers, seconds = complete(echo, request("a"), request("b"), gap=0.2)
    assert answers == [None, None] and echo.batches == [] and seconds == pytest.approx(0.3)


@pytest.mark.parametrize(
    "other",
    [request(seat="listener"), request(episode="taboo/0"), replace(request(), sampling=Sampling(max_tokens=5))],
)
def test_only_turns_of_one_kind_share_a_request(other: Request) -> None:
    echo = Echo()
    answers, _ = complete(echo, request("a"), request("b"), other)
    assert answers == ["a", "b", None] and echo.batches == [["a", "b"]]


def test_drawn_replies_have_seeds_of_their_own_and_go_alone() -> None:
    answers, seconds = complete(Echo(), request(temperature=0.7), request(temperature=0.7))
    assert answers == [None, None] and seconds == 0


def test_when_the_server_refuses_a_batch_its_turns_go_alone() -> None:
    assert complete(Echo(BadRequest("too long")), request("a"), request("b"))[0] == [None, None]


def test_when_the_server_is_gone_each_turn_gets_its_own_error() -> None:
    async def main() -> list[Any]:
        batcher = Batcher(Echo(EngineUnavailable("gone")).send, 2)
        return await asyncio.gather(*(batcher.complete(request()) for _ in range(2)), return_exceptions=True)

    errors, _ = run_virtually(main())
    assert [type(error) for error in errors] == [EngineUnavailable] * 2 and errors[0] is not errors[1]


def test_a_cancelled_turn_is_not_sent() -> None:
    async def main() -> list[list[str]]:
        batcher = Batcher(echo.send, 4, window=0.1)
        tasks = [asyncio.create_task(batcher.complete(request(str(number)))) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await batcher.close()
        return echo.batches

    echo = Echo()
    assert run_virtually(main())[0] == [["0", "2"]]


def test_shares_add_up() -> None:
    assert apportion(10, [1, 1, 1]) == [3, 3, 4] and apportion(7, [3, 1]) == [5, 2] and apportion(0, [5, 1]) == [0, 0]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"choices": [], "usage": {"prompt_tokens": 4}},
        {"choices": [{"index": 0, "message": {"content": "a"}, "token_ids": [1]}] * 2, "usage": {}},
        {"choices": [{"index": 1, "message": {"content": "a"}, "token_ids": [1]}], "usage": {}},
        {"choices": [{"index": 0, "message": {"content": 3}}], "usage": {"prompt_tokens": 4}},
        {"choices": 3},
        [],
    ],
)
def test_an_unreadable_batch_is_the_servers_fault(payload: Any) -> None:
    with pytest.raises(EngineUnavailable, match="unreadable"):
        read_batch(payload, [request()], "m", started=0.0, seconds=1.0)


# with a server


def count_words(body: Body) -> str:
    """Return as many tokens as the conversation has messages."""
    return "abc." * len(body["messages"])


@asynccontextmanager
async def serving(batch: int, **spec: Any) -> AsyncIterator[tuple[SimulatedServer, ChatEngine]]:
    server = SimulatedServer(Spec(**({"first_token": 0.001, "interval": 0.0001} | spec)), count_words)
    async with (
        server.serving(),
        ChatEngine("simulated", server.url, batch=batch, attempts=2, first_wait=0.001) as engine,
    ):
        yield server, engine


async def test_a_run_in_batches_has_the_same_transcripts_and_exact_token_totals() -> None:
    async def play(batch: int) -> tuple[list[Any], tuple[int, int], Watching]:
        async with serving(batch) as (server, engine):
            watching = Watching()
            scheduler = Scheduler(watching, 32)
            await scheduler.play(Talk().episodes(topics(40), make_agent(engine)))
            progress = scheduler.progress
            assert progress.tokens_in == server.machine.counters.prompt
            assert progress.tokens_out == server.machine.counters.generated
            assert ("batch" in engine.describe()) == (batch > 1)
            events = [watching.results[key].transcript.events for key in sorted(watching.results, key=str)]
            return events, (progress.tokens_in, progress.tokens_out), watching

    alone, batched = await play(1), await play(8)
    assert batched[:2] == alone[:2]


async def test_a_batch_with_a_conversation_that_is_too_long_is_sent_one_by_one() -> None:
    async with serving(2, context=64) as (_, engine):
        short, long = await asyncio.gather(engine.complete(request("hi")), engine.complete(request("word " * 400)))
    assert short.stop == "stop" and short.text and long.stop == "overflow"
    assert not short.usage.batched


async def test_a_server_without_batches_is_not_sent_any() -> None:
    async with servers.serving(servers.FakeServer()) as server:
        engine = ChatEngine(servers.MODEL, server.url, batch=8)
        with pytest.raises(UsageError, match="leave out --batch"):
            await engine.open()
        await engine.close()


def test_a_batch_has_one_seed() -> None:
    with pytest.raises(ValueError, match="--batch needs --temperature 0"):
        RunConfig(batch=4, temperature=0.5)
