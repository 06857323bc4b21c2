"""Streamed replies: their text, the times of their tokens, and what is wrong with a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines.answers import read_completion
from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.event_stream import StreamedAnswer, read_stream
from clemsim.engines.http11 import HttpResponse
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.engines.stream_timing import EventMeter, TimedAiohttpTransport
from clemsim.engines.streaming import Streaming, StreamingEngine
from clemsim.errors import EngineBusy, EngineError, EngineUnavailable, UsageError
from tests.engines.hostile import ANY_JSON
from tests.engines.servers import MODEL, FakeServer, ask, says, serving

SPEC = Spec(model=MODEL, first_token=0.02, interval=0.005, prefill=1e9)


def event(text: str | None = None, *, gap: str = "\n\n", **more: object) -> bytes:
    delta = {"role": "assistant", "content": ""} if text is None else {"content": text}
    data = {"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} | more
    return b"data: " + orjson.dumps(data) + gap.encode()


def last(finish: str = "stop", text: str = ".") -> bytes:
    return event(choices=[{"delta": {"content": text}, "finish_reason": finish}])


def stream(*events: bytes, apart: bool = True) -> HttpResponse:
    """Return a response whose events arrived a second apart, or all in one part."""
    begins = [sum(map(len, events[:number])) for number in range(len(events))]
    parts = [(float(number), begin) for number, begin in enumerate(begins)] if apart else [(0.0, 0)]
    return HttpResponse(200, None, b"".join(events), parts)


def message(answer: StreamedAnswer) -> dict[str, str]:
    """Return content and reasoning."""
    parts: dict[str, str] = answer.payload["choices"][0]["message"]
    return parts


USAGE = event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 4})
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    "texts",
    [["Hello", " there"], ['say "yes"', "\\back", "\n\n", " plain", " data: x"], ["é", "😀", " ", '"'], [""], ["", "late"]],
)
def test_a_stream_is_read_as_the_texts_of_its_events(texts: list[str]) -> None:
    answer = read_stream(stream(event(), *map(event, texts), last(), USAGE, DONE))
    assert answer.payload["choices"][0] == {
        "message": {"content": "".join(texts) + ".", "reasoning_content": ""},
        "finish_reason": "stop",
    }
    assert answer.payload["usage"]["completion_tokens"] == 4 and answer.events == len(texts) + 4
    assert answer.times == [float(number) for number, text in enumerate([None, *texts, "."]) if text is not None]


def test_what_stands_between_learned_ends_is_read_whole_where_it_is_not_plain_text() -> None:
    tricky = '"},"x":{"content":"'
    answer = read_stream(stream(event("a"), event(tricky), event("b"), last(), DONE))
    assert message(answer)["content"] == f"a{tricky}b."


def test_events_of_one_part_arrive_together() -> None:
    answer = read_stream(stream(event(), event("a"), event("b"), last(), DONE, apart=False))
    assert answer.times == [0.0, 0.0, 0.0]


def test_an_event_has_arrived_when_its_last_part_has() -> None:
    body = event("a") + event("b") + last() + DONE
    first = len(event("a"))
    parts = [(0.0, 0), (1.0, first - 5), (2.0, first + 10), (3.0, first + 20)]
    assert read_stream(HttpResponse(200, None, body, parts)).times == [1.0, 3.0, 3.0]


def test_carriage_returns_comments_and_other_fields_are_understood() -> None:
    events = [
        b": ping\r\n\r\n",
        event("a", gap="\r\n\r\n"),
        b"event: x\r\n" + last().strip() + b"\r\n\r\n",
        b"data:[DONE]\r\n\r\n",
    ]
    assert message(read_stream(stream(*events)))["content"] == "a."


def test_reasoning_is_set_apart_and_timed() -> None:
    thought = event(choices=[{"delta": {"reasoning_content": "hm"}}])
    answer = read_stream(stream(thought, event("a"), last(), DONE))
    assert message(answer) == {"content": "a.", "reasoning_content": "hm"}
    assert answer.times == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([event("a")], "cut off"),
        ([event("a"), b'data: {"error": {"message": "no"}}\n\n'], "broke off"),
        ([b"data: {\n\n"], "unreadable"),
        ([b'data: {"choices": 3}\n\n'], "unreadable"),
        ([b"data: []\n\n"], "unreadable"),
        ([], "cut off"),
    ],
)
def test_a_stream_that_does_not_end_well_is_a_fault(events: Sequence[bytes], why: str) -> None:
    with pytest.raises(EngineUnavailable, match=why):
        read_stream(stream(*events))


async def test_tokens_are_timed_as_they_arrive() -> None:
    meter = EventMeter()
    async with SimulatedServer(SPEC).serving() as server, StreamingEngine(MODEL, server.url, Streaming(meter, 8)) as engine:
        completion = await engine.complete(ask(max_tokens=20))
        again = await engine.complete(ask(max_tokens=20))
    timing = completion.usage.timing
    assert timing and len(timing.times) == completion.usage.tokens_out == 8
    assert timing.sent < timing.times[0] and timing.times[-1] <= timing.ended
    assert list(timing.times) == sorted(timing.times)
    assert timing.times[-1] - timing.times[0] > 5 * SPEC.interval
    assert completion.text == again.text and timing.events == 10 and meter.events == 20


async def test_a_conversation_that_is_repeated_finds_nothing_of_itself_in_the_cache() -> None:
    server = FakeServer(owner="vllm")
    async with serving(server), StreamingEngine(MODEL, server.url, Streaming(tokens=5)) as engine:
        for label in ("taboo/a/1", "taboo/a/1#2", "taboo/b/1"):
            request = ask()
            request.episode = label
            with pytest.raises(EngineUnavailable):  # it answers in one piece
                await engine.complete(request)
    first, again, other = server.bodies
    assert first["cache_salt"] == other["cache_salt"] != again["cache_salt"]
    assert first["stream"] and first["stream_options"] == {"include_usage": True}
    assert (first["max_tokens"], first["min_tokens"], first["ignore_eos"]) == (5, 5, True)


async def test_a_fault_is_raised_at_once() -> None:
    server = FakeServer(faults=[says(503, "{}", Retry_After="60")])
    async with serving(server), StreamingEngine(MODEL, server.url, Streaming()) as engine:
        with pytest.raises(EngineBusy):
            await engine.complete(ask())
    assert len(server.bodies) == 1


async def test_lengths_are_not_forced_where_the_server_cannot() -> None:
    async with serving(FakeServer()) as server:
        with pytest.raises(UsageError, match="--no-model-text"):
            async with StreamingEngine(MODEL, server.url, Streaming(tokens=5)):
                pass


async def test_responses_over_aiohttp_are_timed_too() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield event("a")
        yield last() + DONE

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=parts())

    meter = EventMeter()
    async with serving(FakeServer(faults=[handler])) as server:
        transport = TimedAiohttpTransport(f"{server.url}/v1/chat/completions", NetworkPolicy(), meter)
        response = await transport.post(b'{"max_tokens": 3}')
        await transport.close()
    assert message(read_stream(response))["content"] == "a." and meter.events == 3


@given(st.binary(max_size=200), st.sampled_from([b"", b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n']))
def test_any_stream_is_read_or_the_servers_fault(tail: bytes, head: bytes) -> None:
    with suppress(EngineUnavailable):
        read_stream(stream(head + tail))


@given(st.lists(ANY_JSON, max_size=3), ANY_JSON)
def test_any_events_are_read_or_the_servers_fault(deltas: list[Any], more: Any) -> None:
    events = [json.dumps({"choices": [{"delta": delta, "finish_reason": more}], "usage": more}) for delta in deltas]
    with suppress(EngineError):
        answer = read_stream(stream(*(f"data: {event}\n\n".encode() for event in events), b"data: [DONE]\n\n"))
        read_completion(answer.payload, ask(), "tiny", started=1.0, seconds=2.0)


def test_a_stream_of_too_many_events() -> None:
    with pytest.raises(EngineUnavailable):
        read_stream(stream(b"data: {}\n\n" + b"\n\n" * (2**18 + 1) + b"data: [DONE]\n\n"))
