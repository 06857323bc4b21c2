"""ChatEngine against a server that fails in every known way."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from traceback import format_exception
from typing import Any

import orjson
import pytest
from aiohttp import web

from clemsim.engines.address import checked_url
from clemsim.engines.chat import ChatEngine
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import (
    BadRequest,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    Permanent,
    Unauthorized,
    UnknownModel,
    UsageError,
    Withheld,
)
from clemsim.game.formats import one_of
from tests.engines.servers import MODEL, FakeServer, Handler, answer, ask, says, serving

CERTIFICATES = Path(__file__).parent / "certificates"
KEY = "sk-very-secret"
OVERFLOW = '{"error": {"message": "maximum context length is 10 tokens", "code": 400}}'


def engine(url: str, **more: Any) -> ChatEngine:
    """Return an engine that hardly waits between attempts."""
    options: dict[str, Any] = {"key": KEY, "attempts": 3, "first_wait": 0.001, "longest_wait": 0.002}
    return ChatEngine(MODEL, url, **(options | more))


@asynccontextmanager
async def playing(server: FakeServer, **more: Any) -> AsyncIterator[ChatEngine]:
    """Open an engine with its server."""
    async with serving(server):
        chat = engine(server.url, **more)
        await chat.open()
        try:
            yield chat
        finally:
            await chat.close()


async def reset(request: web.Request) -> web.StreamResponse:
    """Close the connection without a response."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    """Announce a long body and close the connection in the middle of it."""
    response = web.StreamResponse(headers={"Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"choices": [{"mess')
    assert request.transport is not None
    request.transport.close()
    return response


async def hang(request: web.Request) -> web.StreamResponse:
    """Answer too late."""
    await asyncio.sleep(5)
    return web.Response()


def free_port() -> int:
    """Return a port where no server listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


TRANSIENT: list[tuple[Handler, type[EngineError]]] = [
    (reset, EngineUnavailable),
    (cut, EngineUnavailable),
    (says(408), EngineTimeout),
    (says(429), EngineBusy),
    (says(500, "<html>broken</html>"), EngineUnavailable),
    (says(503, "loading"), EngineBusy),
    (says(504), EngineTimeout),
    (says(200, "not json"), EngineUnavailable),
    (says(200, ""), EngineUnavailable),
    (says(200, '{"choices": []}'), EngineUnavailable),
    (says(200, '{"choices": [{"message": {"content": "cut'), EngineUnavailable),
]
PERMANENT: list[tuple[Handler, type[EngineError]]] = [
    (says(302, Location="http://127.0.0.1:9/v1"), BadRequest),
    (says(400, f'{{"error": "bad {KEY}"}}'), BadRequest),
    (says(401, f'{{"error": {{"message": "wrong key {KEY}"}}}}'), Unauthorized),
    (says(403), Unauthorized),
    (says(404), UnknownModel),
    (says(413, "body too large"), BadRequest),
    (says(422), BadRequest),
]


@pytest.mark.parametrize(("fault", "kind"), TRANSIENT)
async def test_transient_faults_are_tried_again(fault: Handler, kind: type[EngineError]) -> None:
    server = FakeServer([fault, fault])
    async with playing(server) as chat:
        completion = await chat.complete(ask())
    assert completion.text == "one two three four five"
    assert completion.usage.retries == 2
    assert len(server.bodies) == 3


@pytest.mark.parametrize(("fault", "kind"), TRANSIENT)
async def test_transient_faults_are_raised_after_the_last_attempt(fault: Handler, kind: type[EngineError]) -> None:
    server = FakeServer([fault] * 3)
    async with playing(server) as chat:
        with pytest.raises(kind, match="after 3 attempts") as caught:
            await chat.complete(ask())
        assert type(caught.value) is kind
        assert (await chat.complete(ask())).usage.retries == 0  # the engine still works
    assert "\n" not in str(caught.value)
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize(("fault", "kind"), PERMANENT)
async def test_permanent_faults_are_final(fault: Handler, kind: type[EngineError]) -> None:
    server = FakeServer([fault])
    async with playing(server) as chat:
        with pytest.raises(kind) as caught:
            await chat.complete(ask())
    assert len(server.bodies) == 1
    assert isinstance(caught.value, Permanent)
    assert KEY not in repr(caught.value)


async def test_timeout() -> None:
    async with playing(FakeServer([hang] * 2), network=NetworkOptions(timeout=0.05), attempts=2) as chat:
        with pytest.raises(EngineTimeout, match="after 2 attempts"):
            await chat.complete(ask())


@pytest.mark.parametrize(
    ("header", "shortest", "longest"),
    [("3", 3, 3), ("9999", 120, 120), (format_datetime(datetime(2099, 1, 1, tzinfo=UTC), usegmt=True), 120, 120)],
)
async def test_retry_after_is_respected(
    monkeypatch: pytest.MonkeyPatch, header: str, shortest: float, longest: float
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("clemsim.engines.retries.sleep", sleep)
    async with playing(FakeServer([says(429, Retry_After=header)])) as chat:
        assert (await chat.complete(ask())).usage.retries == 1
    assert len(waits) == 1
    assert shortest <= waits[0] <= longest


async def test_server_gone_after_opening() -> None:
    async with serving(FakeServer()) as server:
        chat = engine(server.url, network=NetworkOptions(patience=0.1))
        await chat.open()
    try:
        for _ in range(2):  # the second one is not waited for again
            with pytest.raises(EngineUnavailable, match=r"it was waited for 0.1 s, after 1 attempt$"):
                await chat.complete(ask())
    finally:
        await chat.close()


async def test_overflow_is_a_completion() -> None:
    server = FakeServer([says(400, OVERFLOW)])
    async with playing(server) as chat:
        completion = await chat.complete(ask())
    assert (completion.text, completion.stop, completion.usage.seed) == ("", "overflow", 7)
    assert len(server.bodies) == 1


async def test_answer_without_usage_or_content() -> None:
    payload = orjson.dumps(answer(None, usage=None)).decode()
    async with playing(FakeServer([says(200, payload)])) as chat:
        completion = await chat.complete(ask())
    assert (completion.text, completion.usage.tokens_in, completion.usage.tokens_out) == ("", 0, 0)


async def test_key_goes_into_the_header_alone() -> None:
    server = FakeServer()
    async with playing(server) as chat:
        await chat.complete(ask())
        text = f"{chat!r} {chat.describe()}"
    assert server.keys == [f"Bearer {KEY}"]
    assert KEY not in text
    assert KEY not in str(server.bodies)


async def test_no_key_no_header() -> None:
    server = FakeServer()
    async with playing(server, key=None) as chat:
        await chat.complete(ask())
    assert server.keys == [None]


async def test_opens_once_and_closes_twice() -> None:
    server = FakeServer()
    async with playing(server) as chat:
        await asyncio.gather(chat.open(), chat.open())
        await chat.open()
        await chat.close()
    assert server.listings == 1
    with pytest.raises(EngineUnavailable, match="not open"):
        await chat.complete(ask())


async def test_name_may_differ_from_the_model() -> None:
    server = FakeServer()
    async with playing(server, name="alias") as chat:
        completion = await chat.complete(ask())
        assert (chat.name, chat.describe()["model"], completion.usage.model) == ("alias", MODEL, "alias")
    assert server.bodies[0]["model"] == MODEL


async def test_no_server_answers() -> None:
    with pytest.raises(EngineUnavailable, match=r"no server answers at .*: start it or correct the address"):
        await engine(f"http://127.0.0.1:{free_port()}").open()


@pytest.mark.parametrize(
    ("models", "kind", "message"),
    [
        (says(401, f"wrong {KEY}"), Unauthorized, "CLEMSIM_API_KEY"),
        (says(500, f"broken {KEY}"), EngineUnavailable, "said 500"),
        (says(200, "<html>"), EngineUnavailable, "not an OpenAI-compatible server"),
        (says(200, '{"data": null}'), EngineUnavailable, "not an OpenAI-compatible server"),
        (says(200, '{"data": [{"id": "big"}, {"id": "huge"}]}'), UnknownModel, "big, huge"),
    ],
)
async def test_open_says_what_is_wrong(models: Handler, kind: type[EngineError], message: str) -> None:
    async with serving(FakeServer(models=models)) as server:
        with pytest.raises(kind, match=message) as caught:
            await engine(server.url).open()
    assert KEY not in repr(caught.value)
    assert "\n" not in str(caught.value)


async def test_at_most_five_models_are_listed() -> None:
    names = orjson.dumps({"data": [{"id": f"m{number}"} for number in range(9)]}).decode()
    async with serving(FakeServer(models=says(200, names))) as server:
        with pytest.raises(UnknownModel, match="m0, m1, m2, m3, m4 and 4 more"):
            await engine(server.url).open()


@pytest.mark.parametrize("status", [404, 405])
async def test_server_without_a_list_is_taken_as_it_is(status: int) -> None:
    async with playing(FakeServer(models=says(status))) as chat:
        assert chat.describe()["dialect"] == "openai"
        assert (await chat.complete(ask())).stop == "stop"


@pytest.mark.parametrize(
    ("server", "dialect", "name"),
    [
        (FakeServer(), "openai", "unknown"),
        (FakeServer(owner="vllm", version={"version": "0.11.2"}), "vllm", "vllm 0.11.2"),
        (FakeServer(owner="vllm"), "vllm", "vllm"),
        (FakeServer(version={"version": "3"}, props={}), "openai", "unknown"),
        (FakeServer(props={"build_info": "b7000"}), "llamacpp", "llama.cpp b7000"),
        (FakeServer(owner="llamacpp", version={"version": "1"}), "llamacpp", "llama.cpp"),
        (FakeServer(owner="sglang"), "sglang", "sglang"),
    ],
)
async def test_dialects(server: FakeServer, dialect: str, name: str) -> None:
    async with playing(server) as chat:
        description = chat.describe()
        assert (description["dialect"], description["server"], chat.constrains) == (dialect, name, dialect != "openai")
        if chat.constrains:
            await chat.complete(ask(form=one_of("a", "b")))
            assert {"grammar", "structured_outputs", "regex"} & set(server.bodies[0])
        else:
            with pytest.raises(BadRequest):
                await chat.complete(ask(form=one_of("a", "b")))


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("https://host/api/v2/", "https://host/api/v2"),
    ],
)
def test_addresses(address: str, checked: str) -> None:
    assert checked_url(address) == checked


@pytest.mark.parametrize(
    "url", ["", "host:8000", "ftp://host", "http://", "http://host:port", "http://host:99999", "http://[::1"]
)
def test_what_is_not_an_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is not an address"):
        engine(url)


@pytest.mark.parametrize("url", ["http://me:hunter2@host", "me:hunter2@host"])
def test_passwords_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="CLEMSIM_API_KEY") as caught:
        engine(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "schlüssel"])
def test_keys_that_no_header_carries_are_refused(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        engine("http://host", key=key)
    assert key not in str(caught.value)


GARBAGE = f"HTTP/1.1 200 OK\r\nno header, but {KEY}\r\n\r\n"
SPLIT = f"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{{{KEY}    "
LISTING = 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"data": []}'


def shown(error: BaseException) -> str:
    """Return all that a program could show of an error and of what led to it."""
    causes, waiting = list[str](), [error]
    while waiting:
        current = waiting.pop()
        causes += [repr(current), repr(vars(current)), *format_exception(current, chain=False)]
        waiting += [other for other in (current.__cause__, current.__context__) if other]
    return "\n".join(causes)


@asynccontextmanager
async def saying(*answers: str, tls: bool) -> AsyncIterator[str]:
    """Send these answers, whatever is asked; the last one for ever."""
    left = list(answers)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
        writer.write((left.pop(0) if len(left) > 1 else left[0]).encode())
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context if tls else None)
    async with server:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("garbage", [GARBAGE, SPLIT, KEY * 9, f"HTTP/1.1 418 {KEY}\r\nContent-Length: 0\r\n\r\n"])
async def test_nothing_of_an_error_shows_the_key(garbage: str, tls: bool) -> None:
    network = NetworkOptions(ca_file=str(CERTIFICATES / "ca.pem"))
    async with saying(garbage, tls=tls) as url:
        with pytest.raises(EngineError) as refused:
            await engine(url, network=network).open()
    async with saying(LISTING, LISTING, LISTING, garbage, tls=tls) as url:
        chat = engine(url, network=network, attempts=1)
        await chat.open()
        try:
            with pytest.raises(EngineError) as caught:
                await chat.complete(ask())
        finally:
            await chat.close()
    assert KEY not in shown(refused.value) and KEY not in shown(caught.value)


def refuses(param: str, message: str) -> Handler:
    """Return a handler that refuses a parameter as OpenAI does."""
    error = {"message": message, "type": "invalid_request_error", "param": param}
    return says(400, orjson.dumps({"error": error}).decode())


async def test_refused_parameters_are_learned_once() -> None:
    unsupported = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    value = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
    good = says(200, orjson.dumps(answer()).decode())
    server = FakeServer(faults=[refuses("max_tokens", unsupported), refuses("temperature", value), good, good])
    async with playing(server) as chat:
        for _ in range(2):
            completion = await chat.complete(ask())
            assert (completion.text, completion.usage.retries) == ("hello there", 0)
        assert [
            ("temperature" in body, "max_tokens" in body, "max_completion_tokens" in body) for body in server.bodies
        ] == [
            (True, True, False),
            (True, False, True),
            (False, False, True),
            (False, False, True),
        ]
        assert len(chat.notices) == 2


async def test_a_value_that_is_wrong_is_not_left_out() -> None:
    async with playing(FakeServer(faults=[refuses("temperature", "temperature must be at most 2")])) as chat:
        with pytest.raises(BadRequest, match="at most 2"):
            await chat.complete(ask())


MESSAGE = {
    "type": "message",
    "content": [{"type": "thinking", "thinking": "hm", "signature": "x"}, {"type": "text", "text": "GUESS: yes"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 7, "output_tokens": 9},
}


async def test_anthropic() -> None:
    server = FakeServer(faults=[says(529, '{"type": "error", "error": {"message": "Overloaded"}}')])
    server.faults.append(says(200, orjson.dumps(MESSAGE).decode()))
    async with playing(server, dialect="anthropic") as chat:
        completion = await chat.complete(ask())
    assert (completion.text, completion.reasoning, completion.stop) == ("GUESS: yes", "hm", "stop")
    usage = completion.usage
    assert (usage.tokens_in, usage.tokens_cached, usage.tokens_out, usage.retries) == (42, 30, 9, 1)
    path, headers = server.seen[-1]
    assert path == "/v1/messages" and headers["x-api-key"] == KEY and "Authorization" not in headers


@pytest.mark.parametrize(
    ("change", "stop", "error"),
    [
        ({"stop_reason": "max_tokens"}, "length", None),
        ({"stop_reason": "model_context_window_exceeded"}, "overflow", None),
        ({"stop_reason": "refusal"}, "", Withheld),
        ({"stop_reason": "tool_use", "content": []}, "", Withheld),
        ({"content": None}, "", EngineUnavailable),
        ({"type": "error", "error": {"type": "api_error", "message": "no luck"}}, "", EngineUnavailable),
    ],
)
async def test_anthropic_says_why_a_reply_ended(change: dict[str, Any], stop: str, error: type[Exception] | None) -> None:
    text = orjson.dumps(MESSAGE | change).decode()
    async with playing(FakeServer(faults=[says(200, text)] * 3), dialect="anthropic") as chat:
        if error:
            with pytest.raises(error):
                await chat.complete(ask())
        else:
            assert (await chat.complete(ask())).stop == stop


async def test_models_of_a_provider_that_shows_no_queue_are_counted_apart() -> None:
    async with playing(FakeServer()) as chat:
        other = ChatEngine("other", chat.url)
        assert chat.backend.key != other.backend.key
        assert chat.backend.key == ChatEngine(MODEL, chat.url).backend.key
        assert chat.backend.name == f"{MODEL}@{chat.url.removesuffix('/v1')}"


def engines_page(*labels: str) -> str:
    """The metrics of a server with these engines."""
    return "".join(f'vllm:num_requests_running{{engine="{label}",model_name="tiny"}} 1.0\n' for label in labels)


async def test_an_episode_keeps_to_one_of_the_engines_behind_a_server() -> None:
    server = FakeServer(owner="vllm", version={"version": "0.32"}, metrics=engines_page("0", "1", "2"))
    ranks: dict[str, set[str]] = {}
    async with playing(server) as chat:
        assert "3 engines" in chat.describe()["features"]
        for _ in range(2):
            for number in range(12):
                server.seen.clear()
                completion = await chat.complete(replace(ask(), episode=f"taboo/{number}"))
                (headers,) = [headers for path, headers in server.seen if path.endswith("completions")]
                ranks.setdefault(f"taboo/{number}", set()).add(headers["X-data-parallel-rank"])
                assert completion.usage.replica == f"engine {headers['X-data-parallel-rank']}"
                assert headers["X-Session-ID"]
    assert all(len(own) == 1 for own in ranks.values())
    assert set.union(*ranks.values()) == {"0", "1", "2"}


@pytest.mark.parametrize("labels", [("0",), ("4", "5"), ()])
async def test_a_server_that_shows_not_all_of_its_engines_is_told_none(labels: tuple[str, ...]) -> None:
    server = FakeServer(owner="vllm", version={"version": "0.32"}, metrics=engines_page(*labels))
    async with playing(server) as chat:
        await chat.complete(ask())
    assert "data-parallel-rank" not in server.log.lower()


async def test_a_server_that_refuses_to_draw_several_replies_is_asked_for_one() -> None:
    server = FakeServer([says(400, '{"error": "Only one completion choice is allowed"}')])
    async with playing(server) as chat:
        assert chat.most_samples > 1 and not chat.notices
        completion = await chat.complete(replace(ask(), samples=4))
        assert completion.text == "one two three four five" and not completion.samples
        assert [body.get("n") for body in server.bodies] == [4, None]
        assert chat.most_samples == 1 and "took no n" in chat.notices[0]


async def test_a_llama_cpp_server_draws_in_half_of_its_slots() -> None:
    for slots, most in ((8, 4), (1, 1)):
        async with playing(FakeServer(owner="llamacpp", props={"total_slots": slots})) as chat:
            assert chat.most_samples == most


async def test_the_header_of_sessions_has_the_name_that_a_router_knows() -> None:
    for network, name in ((NetworkOptions(), "X-Session-ID"), (NetworkOptions(session_header="x-user-id"), "x-user-id")):
        server = FakeServer()
        async with playing(server, network=network) as chat:
            await chat.complete(ask())
        sent = [headers for path, headers in server.seen if path.endswith("completions")][-1]
        assert sent[name].endswith("/taboo/0/guesser") and ("X-Session-ID" in sent) == (name == "X-Session-ID")
