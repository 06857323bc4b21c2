"""Pictures in requests: the exact bodies that servers document, their tokens, and servers that take none."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from clemsim import Image, Text
from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.dialects import DIALECTS, DialectName
from clemsim.engines.images import data_uri, image_tokens
from clemsim.engines.scripted import ScriptedEngine
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import BadRequest
from tests.engines.servers import FakeServer, ask, serving
from tests.pictures import png, shade

SPEC = Spec(model="tiny", first_token=0.001, interval=0.0)
PNG = "data:image/png;base64," + b64encode(png(grey=1)).decode()
PARTS = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PNG}}]


def looking(*images: Image, text: str = "What is this?") -> Request:
    """Return a request that shows pictures in its last message."""
    said = [ChatMessage(role="system", content="Be kind."), ChatMessage(role="user", content=text)]
    return Request(said, Sampling(max_tokens=20), 7, "shades/0", "a", 1, parts={1: (Text(text), *images)})


# https://docs.vllm.ai/en/latest/features/multimodal_inputs.html, https://platform.openai.com/docs/guides/images-vision and
# llama.cpp's docs/multimodal.md: the same parts, of which llama-server takes base64 too.
@pytest.mark.parametrize("dialect", ["vllm", "openai", "llamacpp", "sglang", "openrouter"])
def test_a_picture_is_a_part_with_a_data_uri(dialect: DialectName) -> None:
    body = DIALECTS[dialect].body("tiny", looking(shade(1)))
    assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": PARTS}]
    json.dumps(body)


# https://docs.anthropic.com/en/docs/build-with-claude/vision
def test_anthropic_gets_blocks_with_base64() -> None:
    body = DIALECTS["anthropic"].body("tiny", looking(shade(1)))
    source = {"type": "base64", "media_type": "image/png", "data": PNG.partition(",")[2]}
    assert body["system"] == "Be kind."
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]}
    ]
    json.dumps(body)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_request_of_text_is_as_ever(dialect: DialectName) -> None:
    request = ask("Hi")
    assert DIALECTS[dialect].body("tiny", request)["messages"] is request.messages


async def test_what_is_sent_is_counted_by_the_server_and_found_again() -> None:
    async with SimulatedServer(SPEC).serving() as server, ChatEngine("tiny", server.url) as engine:
        text = await engine.complete(looking())
        assert image_tokens(30, 20) == 2 and image_tokens(280, 140) == 50
        one = await engine.complete(looking(shade(1)))
        other = await engine.complete(looking(Image.data(png(280, 140, 9), "image/png")))
        again = await engine.complete(looking(Image.data(png(280, 140, 9), "image/png")))
        another = await engine.complete(looking(Image.data(png(280, 140, 8), "image/png")))
    assert [each.usage.tokens_in - text.usage.tokens_in for each in (one, other, again)] == [2, 50, 50]
    assert again.usage.tokens_cached == 48 and another.usage.tokens_cached == 0


async def test_the_engine_in_process_counts_the_same() -> None:
    engine, request = SimulatedEngine(SPEC), looking(Image.data(png(280, 140), "image/png"))
    text = await engine.complete(looking())
    assert (await engine.complete(request)).usage.tokens_in == text.usage.tokens_in + 50
    assert (await ScriptedEngine(["x"]).complete(request)).usage.tokens_in == 55


REFUSALS = {
    "vllm": (400, "tiny is not a multimodal model"),
    "vllm, switched off": (400, "At most 0 image(s) may be provided in one prompt."),
    "llama.cpp": (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
    "openai": (400, "Invalid content type. image_url is only supported by certain models."),
}


def refusing(status: int, text: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": text}}, status=status)

    return handle


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_server_that_takes_no_pictures_is_named_at_once(name: str) -> None:
    answers = [refusing(*REFUSALS[name])] * 2
    async with serving(FakeServer(faults=answers)) as server, ChatEngine("tiny", server.url, attempts=2) as engine:
        with pytest.raises(BadRequest, match=r"^tiny takes no pictures, and the game shows one: .* serve one that does"):
            await engine.complete(looking(shade(1)))
    assert len(answers) == 1, "it was not tried again"


async def test_the_simulated_server_may_take_none() -> None:
    spec = Spec(model="tiny", first_token=0.001, interval=0.0, images=False)
    async with SimulatedServer(spec).serving() as server, ChatEngine("tiny", server.url) as engine:
        assert (await engine.complete(looking())).text
        with pytest.raises(BadRequest, match="tiny is not a multimodal model"):
            await engine.complete(looking(shade(1)))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/cat.png",
        "file:///etc/passwd",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,????",
        data_uri(shade(1)).replace("image/png", "image/jpeg"),
        None,
    ],
)
async def test_the_simulated_server_fetches_nothing_and_reads_no_other_data(url: str | None) -> None:
    request = looking()
    part = {"type": "image_url", "image_url": {"url": url}}
    request.messages = [{"role": "user", "content": [part]}]  # type: ignore[typeddict-item]
    request.parts = None
    async with SimulatedServer(SPEC).serving() as server, ChatEngine("tiny", server.url) as engine:
        with pytest.raises(BadRequest, match="image_url: "):
            await engine.complete(request)
