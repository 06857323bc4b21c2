"""The contract that every engine keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from clemsim.engines.base import Completion, Engine, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.llamacpp import LlamaCppEngine
from clemsim.engines.scripted import ReplayEngine, ScriptedEngine
from clemsim.errors import BadRequest
from clemsim.game.messages import Usage
from tests.engines.servers import MODEL, FakeServer, ask, serving
from tests.engines.weights import missing

ENGINES = [
    "scripted",
    "chat",
    pytest.param("local", marks=[pytest.mark.local, pytest.mark.skipif(bool(missing()), reason=missing() or "-")]),
]


async def make(kind: str, stack: AsyncExitStack) -> Engine:
    """Return an engine of this kind, not yet open."""
    match kind:
        case "scripted":
            return ScriptedEngine(lambda request: f"the seed is {request.seed}")
        case "chat":
            return ChatEngine(MODEL, (await stack.enter_async_context(serving(FakeServer()))).url)
    return LlamaCppEngine(slots=2, context=512)


@pytest_asyncio.fixture(params=ENGINES, loop_scope="module", scope="module")
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    """Open each engine in turn."""
    async with AsyncExitStack() as stack:
        opened = await make(request.param, stack)
        await opened.open()
        stack.push_async_callback(opened.close)
        yield opened


@pytest.mark.asyncio(loop_scope="module")
class TestContract:
    """One test, all engines."""

    async def test_answers(self, engine: Engine) -> None:
        completion = await engine.complete(ask("Say hello.", max_tokens=20))
        assert isinstance(completion, Completion)
        assert completion.text
        assert completion.stop in ("stop", "length")

    async def test_reports_usage(self, engine: Engine) -> None:
        usage = (await engine.complete(ask("Say hello.", max_tokens=20, seed=99))).usage
        assert (usage.model, usage.seed, usage.retries) == (engine.name, 99, 0)
        assert usage.tokens_in > 0
        assert 0 < usage.tokens_out <= 20
        assert usage.started > 0
        assert usage.seconds >= 0

    async def test_stops_at_the_limit(self, engine: Engine) -> None:
        completion = await engine.complete(ask("Count to one hundred.", max_tokens=3))
        assert completion.text
        assert completion.stop == "length"

    async def test_answers_several_at_once(self, engine: Engine) -> None:
        turns = [engine.complete(ask(f"Name the number {seed}.", max_tokens=4, seed=seed)) for seed in range(6)]
        assert [completion.usage.seed for completion in await asyncio.gather(*turns)] == list(range(6))

    async def test_equal_requests_get_equal_replies(self, engine: Engine) -> None:
        first, second = [await engine.complete(ask("Say hello.", max_tokens=3)) for _ in range(2)]
        assert first.text == second.text

    async def test_describes_itself(self, engine: Engine) -> None:
        description = engine.describe()
        assert description["engine"]
        assert description["model"]

    async def test_opening_again_is_harmless(self, engine: Engine) -> None:
        await engine.open()
        assert (await engine.complete(ask(max_tokens=3))).text


async def test_seed_and_sampling_reach_the_server() -> None:
    async with serving(FakeServer()) as server:
        chat = ChatEngine(MODEL, server.url)
        await chat.open()
        await chat.complete(ask(seed=123, max_tokens=9))
        await chat.close()
    body = server.bodies[0]
    assert body["seed"] == 123
    assert body["max_tokens"] == 9
    assert body["temperature"] == Sampling().temperature


async def test_a_script_of_texts_begins_again_at_its_end() -> None:
    engine = ScriptedEngine(["a", "b"])
    turns = [Request(ask().messages, Sampling(), 1, turn=turn) for turn in (1, 2, 3)]
    assert [(await engine.complete(turn)).text for turn in turns] == ["a", "b", "a"]


async def test_replay_finds_episode_and_turn() -> None:
    recorded = Completion("again", "because", "stop", Usage("tiny", 1, 0.0, 0.0))
    engine = ReplayEngine({("taboo/0", 1): recorded})
    assert await engine.complete(ask()) is recorded


async def test_replay_without_a_record() -> None:
    with pytest.raises(BadRequest, match="no reply was recorded for taboo/0, turn 1"):
        await ReplayEngine({}).complete(ask())
