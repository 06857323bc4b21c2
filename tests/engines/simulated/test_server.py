"""The simulated server behaves as a vLLM server does, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import aiohttp
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clemsim.engines.chat import ChatEngine
from clemsim.engines.metrics import read_load
from clemsim.engines.simulated.answers import SimulatedAnswer, babble
from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.metrics import exposition
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import EngineUnavailable, UnknownModel
from clemsim.stress.games.recall import Clerk
from tests.engines.servers import ask

SPEC = Spec(model="tiny", first_token=0.001, interval=0.0)


async def test_it_is_recognized_as_vllm_with_its_features() -> None:
    async with SimulatedServer(SPEC).serving() as server, ChatEngine("tiny", server.url) as engine:
        assert engine.server.dialect == "vllm" and engine.server.metrics and engine.server.batch
        assert not engine.server.priority and engine.adaptive
        first = await engine.complete(ask("word " * 40))
        again = await engine.complete(ask("word " * 40))
        load = await engine.load()
    assert first.text == again.text and first.stop == "stop"
    assert first.usage.tokens_in == 53 and first.usage.tokens_out * 4 >= len(first.text)
    assert (first.usage.tokens_cached, again.usage.tokens_cached) == (0, 48)
    assert first.usage.first_token is not None and first.usage.first_token >= 0.001
    assert load and load.generated == 2 * first.usage.tokens_out and load.kv_tokens == 8192 * 16


async def test_priority_is_recognized_where_it_is_scheduled_by() -> None:
    spec = Spec(model="tiny", first_token=0.001, interval=0.0, priority=True)
    async with SimulatedServer(spec).serving() as server, ChatEngine("tiny", server.url) as engine:
        assert engine.server.priority


async def test_overflow_and_token_limit_are_facts_about_the_model() -> None:
    async with SimulatedServer(SPEC).serving() as server, ChatEngine("tiny", server.url) as engine:
        assert (await engine.complete(ask("word " * 40_000))).stop == "overflow"
        cut = await engine.complete(ask(max_tokens=3))
    assert cut.stop == "length" or cut.usage.tokens_out <= 3


async def test_another_model_is_not_served() -> None:
    async with SimulatedServer(SPEC).serving() as server:
        with pytest.raises(UnknownModel):
            async with ChatEngine("other", server.url):
                pass


async def test_adapters_are_models_of_the_same_machine_with_a_cache_of_their_own() -> None:
    spec = Spec(model="tiny", first_token=0.001, interval=0.0, adapters=("lora",))
    async with (
        SimulatedServer(spec).serving() as server,
        ChatEngine("tiny", server.url) as base,
        ChatEngine("lora", server.url) as adapter,
    ):
        answers = [await engine.complete(ask("word " * 40)) for engine in (base, adapter, adapter)]
        load = await base.load()
    assert [answer.usage.tokens_cached for answer in answers] == [0, 0, 48]
    assert len({answer.usage.tokens_in for answer in answers}) == 1
    assert load and load.generated == sum(answer.usage.tokens_out for answer in answers)


async def test_a_full_queue_turns_requests_away() -> None:
    spec = Spec(model="tiny", seats=1, first_token=0.2)
    async with SimulatedServer(spec, most_waiting=1).serving() as server, aiohttp.ClientSession() as session:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}]}
        url = f"{server.url}/v1/chat/completions"
        responses = await asyncio.gather(*(session.post(url, json=body) for _ in range(4)))
    assert sorted(response.status for response in responses) == [200, 200, 503, 503]
    assert server.machine.counters.rejections == 2
    load = read_load(exposition(server.machine))
    assert load and load.rejections == 2


async def test_a_stream_brings_the_same_text_as_an_answer_in_one_piece() -> None:
    async with SimulatedServer(SPEC).serving() as server, aiohttp.ClientSession() as session:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "seed": 1, "max_tokens": 20}
        url = f"{server.url}/v1/chat/completions"
        whole = await (await session.post(url, json=body)).json()
        streamed = await session.post(url, json=body | {"stream": True, "stream_options": {"include_usage": True}})
        events = [line[6:] for line in (await streamed.read()).split(b"\n") if line.startswith(b"data: ")]
    assert events.pop() == b"[DONE]"
    parts = [orjson.loads(event) for event in events]
    text = "".join(part["choices"][0]["delta"]["content"] for part in parts[:-1])
    assert text == whole["choices"][0]["message"]["content"]
    assert parts[-1]["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"] == len(parts) - 1


async def test_a_batch_is_answered_at_once() -> None:
    async with SimulatedServer(SPEC).serving() as server, aiohttp.ClientSession() as session:
        first, second = ([{"role": "user", "content": text}] for text in ("Hi", "Ho"))
        body = {"model": "tiny", "seed": 1}
        url = f"{server.url}/v1/chat/completions"
        batch = await (await session.post(f"{url}/batch", json=body | {"messages": [first, second]})).json()
        single = await (await session.post(url, json=body | {"messages": second})).json()
    assert len(batch["choices"]) == 2
    assert batch["choices"][1]["message"] == single["choices"][0]["message"]


async def test_nonsense_gets_a_400() -> None:
    async with SimulatedServer(SPEC).serving() as server, aiohttp.ClientSession() as session:
        url = f"{server.url}/v1/chat/completions"
        for body in (b"{", b"[]", b'{"model": "tiny"}', b'{"model": "tiny", "messages": [1]}'):
            assert (await session.post(url, data=body)).status == 400


async def test_a_request_under_way_fails_when_the_server_stops() -> None:
    server = SimulatedServer(Spec(model="tiny", first_token=30.0))
    await server.start()
    async with ChatEngine("tiny", server.url, attempts=1) as engine:
        completing = asyncio.ensure_future(engine.complete(ask()))
        while not server.machine.running:  # noqa: ASYNC110 (the machine notifies no one)
            await asyncio.sleep(0.01)
        await server.stop()
        with pytest.raises(EngineUnavailable):
            await completing


async def test_a_client_that_hangs_up_before_the_first_token_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    body = orjson.dumps({"model": "fake", "stream": True, "messages": [{"role": "user", "content": "hi"}]})
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    server = SimulatedServer(Spec(model="fake"))
    async with server.serving():
        address = urlsplit(server.url)
        for _ in range(20):
            _, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(head + body)
            writer.close()
            await writer.wait_closed()
        async with aiohttp.ClientSession() as client, client.get(f"{server.url}/health") as response:
            assert response.status == 200
    assert caplog.records == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
GOOD = [{"role": "user", "content": "Hi"}]
MESSAGE = st.fixed_dictionaries({"role": st.just("user") | JSON, "content": st.just("Hi") | JSON})
MESSAGES = st.lists(MESSAGE | JSON, max_size=3) | JSON
FIELDS = ("max_tokens", "priority", "stream", "stream_options", "seed", "ignore_eos", "temperature", "return_token_ids")
BODIES = st.fixed_dictionaries(
    {"model": st.just("tiny"), "messages": st.sampled_from([GOOD, [GOOD]]) | MESSAGES | st.lists(MESSAGES, max_size=2)},
    optional={name: st.sampled_from([None, 1, 5]) | JSON for name in FIELDS},
)


@pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/chat/completions/batch"])
@pytest.mark.parametrize("answer", [babble, Clerk(0.9, 0.5)])
async def test_any_json_in_any_field_is_answered_or_refused(route: str, answer: SimulatedAnswer) -> None:
    faults = Faults.parse(["other-answers=0"])
    async with SimulatedServer(SPEC, answer, faults=faults).serving() as server, aiohttp.ClientSession() as session:

        async def status(content: bytes) -> int:
            async with session.post(f"{server.url}{route}", data=content) as response:
                await response.read()
                return response.status

        loop = asyncio.get_running_loop()

        @settings(max_examples=150, deadline=None, database=None)
        @given(BODIES | BODIES | JSON | st.fixed_dictionaries({"model": JSON, "messages": JSON}))
        def check(body: object) -> None:
            content = json.dumps(body).encode()
            found = asyncio.run_coroutine_threadsafe(status(content), loop).result(30)
            assert found == 200 or 400 <= found < 500, (found, content)

        await asyncio.to_thread(check)
        messages = [GOOD] if route.endswith("batch") else GOOD
        assert await status(json.dumps({"model": "tiny", "messages": messages}).encode()) == 200
        assert await status(json.dumps({"model": "tiny", "messages": 5}).encode()) == 400


@pytest.mark.parametrize("value", ["abc", -1, 0, 1.5, True, [], 10**40])
async def test_a_token_limit_that_is_none_is_a_bad_request(value: object) -> None:
    async with SimulatedServer(SPEC).serving() as server, aiohttp.ClientSession() as session:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": value}
        async with session.post(f"{server.url}/v1/chat/completions", data=json.dumps(body)) as response:
            assert response.status == 400 and "max_tokens" in await response.text()


async def test_a_stream_has_the_fields_that_other_clients_ask_for() -> None:
    async with SimulatedServer(SPEC).serving() as server, aiohttp.ClientSession() as session:
        parts = [{"type": "text", "text": "Hi "}, {"type": "text", "text": "there"}]
        body = {"model": "tiny", "messages": [{"role": "user", "content": parts}], "ignore_eos": True, "stream": True}
        limit = {"max_completion_tokens": 5, "max_tokens": 9, "stream_options": {"include_usage": True}}
        text = await (await session.post(f"{server.url}/v1/chat/completions", json=body | limit)).text()
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    assert len({event["id"] for event in events}) == 1 and all(event["created"] and event["model"] for event in events)
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert events[-2]["choices"][0]["finish_reason"] == "length", "a forced length ends as in vLLM"
    assert (events[-1]["usage"]["completion_tokens"], events[-1]["usage"]["prompt_tokens"]) == (5, 5)


@pytest.mark.parametrize(("prompt", "size"), [("word " * 8, 10), ([7, 8, 9], 3), (["four"], 1)])
async def test_a_plain_completion_has_no_template(prompt: object, size: int) -> None:
    async with SimulatedServer(SPEC).serving() as server, aiohttp.ClientSession() as session:
        body = {"model": "tiny", "prompt": prompt, "max_tokens": 4, "ignore_eos": True}
        url = f"{server.url}/v1/completions"
        whole = await (await session.post(url, json=body)).json()
        text = await (await session.post(url, json=body | {"stream": True})).text()
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    assert (whole["object"], whole["choices"][0]["finish_reason"]) == ("text_completion", "length")
    assert (whole["usage"]["prompt_tokens"], whole["usage"]["completion_tokens"]) == (size, 4)
    assert "".join(event["choices"][0]["text"] for event in events) == whole["choices"][0]["text"]


async def test_histograms_are_those_of_vllm() -> None:
    async with SimulatedServer(SPEC).serving() as server, ChatEngine("tiny", server.url) as engine:
        done = await engine.complete(ask("word " * 40, max_tokens=6))
    page = exposition(server.machine)
    label = 'engine="0",model_name="tiny"'
    assert f'vllm:request_queue_time_seconds_bucket{{{label},le="0.3"}} 1.0' in page
    assert f'vllm:request_prompt_tokens_bucket{{{label},le="50.0"}} 0.0' in page
    assert f"vllm:request_generation_tokens_sum{{{label}}} {done.usage.tokens_out}" in page
    assert f"vllm:request_time_per_output_token_seconds_count{{{label}}} 1.0" in page


async def test_the_adapters_of_a_server_share_it_with_their_base() -> None:
    spec = Spec(model="base", adapters=("poet",))
    async with SimulatedServer(spec).serving() as server, SimulatedServer(spec).serving() as other:
        urls = {"base": server.url, "poet": f"{server.url}/v1/", "other": other.url}
        engines = {name: ChatEngine("base" if name == "other" else name, url) for name, url in urls.items()}
        by_name = ChatEngine("poet", server.url.replace("127.0.0.1", "localhost"))
        for engine in (*engines.values(), by_name):
            await engine.open()
        keys = {name: engine.backend.key for name, engine in engines.items()}
        for engine in (*engines.values(), by_name):
            await engine.close()
    assert keys["base"] == keys["poet"] == by_name.backend.key != keys["other"]
    assert engines["base"].backend.name == server.url
