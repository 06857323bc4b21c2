"""Streamed replies: what is heard, when, and what is wrong with a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import orjson
import pytest
from aiohttp import web

from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.engines.streaming import EventMeter, ListeningAiohttp, Streaming, StreamingEngine, take_apart
from clemsim.engines.transport import Answer
from clemsim.errors import EngineBusy, EngineUnavailable, UsageError
from tests.engines.servers import MODEL, FakeServer, ask, says, serving

SPEC = Spec(model=MODEL, first_token=0.02, interval=0.005, prefill=1e9)


def event(text: str | None = None, *, gap: str = "\n\n", **more: object) -> bytes:
    delta = {"role": "assistant", "content": ""} if text is None else {"content": text}
    data = {"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} | more
    return b"data: " + orjson.dumps(data) + gap.encode()


def last(finish: str = "stop", text: str = ".") -> bytes:
    return event(choices=[{"delta": {"content": text}, "finish_reason": finish}])


def stream(*events: bytes, each: bool = True) -> Answer:
    """Each event a part of its own, a second apart; or all in one."""
    begins = [sum(map(len, events[:number])) for number in range(len(events))]
    parts = [(float(number), begin) for number, begin in enumerate(begins)] if each else [(0.0, 0)]
    return Answer(200, None, b"".join(events), parts)


USAGE = event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 4})
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    "texts",
    [["Hello", " there"], ['say "yes"', "\\back", "\n\n", " plain", " data: x"], ["é", "😀", " ", '"'], [""], ["", "late"]],
)
def test_a_stream_says_what_its_events_say(texts: list[str]) -> None:
    said, times, events = take_apart(stream(event(), *map(event, texts), last(), USAGE, DONE))
    assert said["choices"][0] == {
        "message": {"content": "".join(texts) + ".", "reasoning_content": ""},
        "finish_reason": "stop",
    }
    assert said["usage"]["completion_tokens"] == 4 and events == len(texts) + 4
    assert times == [float(number) for number, text in enumerate([None, *texts, "."]) if text is not None]


def test_what_stands_between_learned_ends_is_read_whole_where_it_is_not_plain_text() -> None:
    tricky = '"},"x":{"content":"'
    said, _, _ = take_apart(stream(event("a"), event(tricky), event("b"), last(), DONE))
    assert said["choices"][0]["message"]["content"] == f"a{tricky}b."


def test_events_of_one_part_came_together() -> None:
    _, times, _ = take_apart(stream(event(), event("a"), event("b"), last(), DONE, each=False))
    assert times == [0.0, 0.0, 0.0]


def test_an_event_has_come_when_its_last_part_has() -> None:
    body = event("a") + event("b") + last() + DONE
    first = len(event("a"))
    parts = [(0.0, 0), (1.0, first - 5), (2.0, first + 10), (3.0, first + 20)]
    assert take_apart(Answer(200, None, body, parts))[1] == [1.0, 3.0, 3.0]


def test_carriage_returns_comments_and_other_fields_are_understood() -> None:
    events = [
        b": ping\r\n\r\n",
        event("a", gap="\r\n\r\n"),
        b"event: x\r\n" + last().strip() + b"\r\n\r\n",
        b"data:[DONE]\r\n\r\n",
    ]
    assert take_apart(stream(*events))[0]["choices"][0]["message"]["content"] == "a."


def test_reasoning_is_set_apart_and_counts_as_heard() -> None:
    thought = event(choices=[{"delta": {"reasoning_content": "hm"}}])
    said, times, _ = take_apart(stream(thought, event("a"), last(), DONE))
    assert said["choices"][0]["message"] == {"content": "a.", "reasoning_content": "hm"}
    assert times == [0.0, 1.0, 2.0]


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
        take_apart(stream(*events))


async def test_tokens_are_heard_as_they_come() -> None:
    meter = EventMeter()
    async with SimulatedServer(SPEC).serving() as server, StreamingEngine(MODEL, server.url, Streaming(meter, 8)) as engine:
        said = await engine.complete(ask(max_tokens=20))
        other = await engine.complete(ask(max_tokens=20))
    heard = said.usage.heard
    assert heard and len(heard.times) == said.usage.tokens_out == 8
    assert heard.sent < heard.times[0] and list(heard.times) == sorted(heard.times) and heard.times[-1] <= heard.ended
    assert heard.times[-1] - heard.times[0] > 5 * SPEC.interval
    assert said.text == other.text and heard.events == 10 and meter.events == 20


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


async def test_lengths_are_not_forced_where_the_server_can_not() -> None:
    async with serving(FakeServer()) as server:
        with pytest.raises(UsageError, match="--no-model-text"):
            async with StreamingEngine(MODEL, server.url, Streaming(tokens=5)):
                pass


async def test_aiohttp_listens_as_the_wire_does() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield event("a")
        yield last() + DONE

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=parts())

    meter = EventMeter()
    async with serving(FakeServer(faults=[handler])) as server:
        way = ListeningAiohttp(f"{server.url}/v1/chat/completions", {}, meter)
        answer = await way.post(b'{"max_tokens": 3}')
        await way.close()
    assert take_apart(answer)[0]["choices"][0]["message"]["content"] == "a." and meter.events == 3
