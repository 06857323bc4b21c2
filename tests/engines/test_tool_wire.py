"""Tools and their calls on the wire: the bodies that servers document (vLLM, llama.cpp, OpenAI, Anthropic), and answers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines.base import ChatMessage, Completion, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.dialects import DIALECTS
from clemsim.engines.event_stream import read_stream
from clemsim.engines.http11 import HttpResponse
from clemsim.engines.protocol import error_of
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.engines.streaming import Streaming, StreamingEngine
from clemsim.errors import BadRequest, EngineError, Withheld
from clemsim.game.tool_calls import ToolCall
from clemsim.game.tools import Choice, Offer, tool
from tests.engines.hostile import ANY_JSON


def stock(item: str, count: int = 1) -> str:
    """How many there are."""
    return item * count


SCHEMA = {
    "type": "object",
    "properties": {"item": {"type": "string"}, "count": {"type": "integer", "default": 1}},
    "required": ["item"],
    "additionalProperties": False,
}
CALL = {"id": "call00010", "type": "function", "function": {"name": "stock", "arguments": '{"item": "bolt"}'}}
CONVERSATION: list[ChatMessage] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How many bolts and nuts?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL, {**CALL, "id": "call00011"}]},
    {"role": "tool", "tool_call_id": "call00010", "content": "40"},
    {"role": "tool", "tool_call_id": "call00011", "content": "7"},
    {"role": "user", "content": "You may call no more tools."},
]


def request(choice: Choice = "auto", offered: bool = True) -> Request:
    return Request(
        CONVERSATION, Sampling(), 3, "taboo/0", "clerk", 2, offer=Offer((tool(stock),), choice) if offered else None
    )


@pytest.mark.parametrize("name", ["openai", "vllm", "llamacpp", "sglang", "openrouter"])
@pytest.mark.parametrize(
    ("choice", "sent"), [("auto", "auto"), ("required", "required"), ("none", "none"), ("past", "none")]
)
def test_tools_are_offered_as_openai_documents_them(name: Any, choice: Choice, sent: str) -> None:
    body = DIALECTS[name].body("m", request(choice))
    function = {"name": "stock", "description": "How many there are.", "parameters": SCHEMA}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert body["tool_choice"] == sent and body["messages"] == CONVERSATION
    assert not {"tools", "tool_choice"} & DIALECTS[name].body("m", request(offered=False)).keys()


@pytest.mark.parametrize(("choice", "sent"), [("auto", "auto"), ("required", "any"), ("none", "none"), ("past", "none")])
def test_tools_are_offered_as_anthropic_documents_them(choice: Choice, sent: str) -> None:
    body = DIALECTS["anthropic"].body("m", request(choice))
    assert body["tools"] == [{"name": "stock", "description": "How many there are.", "input_schema": SCHEMA}]
    assert body["tool_choice"] == {"type": sent} and body["system"] == "Be brief."
    use = {"type": "tool_use", "id": "call00010", "name": "stock", "input": {"item": "bolt"}}
    assert body["messages"] == [
        {"role": "user", "content": "How many bolts and nuts?"},
        {"role": "assistant", "content": [use, {**use, "id": "call00011"}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call00010", "content": "40"},
                {"type": "tool_result", "tool_use_id": "call00011", "content": "7"},
                {"type": "text", "text": "You may call no more tools."},
            ],
        },
    ]


def test_a_model_that_thinks_calls_no_tools_of_anthropics() -> None:
    thinking = request()
    thinking.sampling = Sampling(thinking="low")
    with pytest.raises(BadRequest, match="thinking=off, or calls=written"):
        DIALECTS["anthropic"].body("m", thinking)


def read(payload: Any, *, choice: Choice | None = "auto", dialect: Any = "vllm") -> Completion:
    asked = request(choice or "auto", offered=choice is not None)
    return DIALECTS[dialect].read(payload, asked, "m", started=0.0, seconds=0.0)


def openai(message: dict[str, Any], reason: str = "tool_calls") -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": reason}]}


TWO = {"content": "Let me see.", "tool_calls": [CALL, {"function": {"name": "stock", "arguments": {"item": "nut"}}}]}


def test_calls_are_read_in_openais_form() -> None:
    completion = read(openai(TWO))
    assert completion.calls == (ToolCall("stock", '{"item": "bolt"}'), ToolCall("stock", '{"item": "nut"}'))
    assert (completion.text, completion.stop) == ("Let me see.", "stop")
    assert read(openai({"content": None, "tool_calls": [CALL]}, "length")).stop == "length"
    assert read(openai({"function_call": CALL["function"]})).calls == (ToolCall("stock", '{"item": "bolt"}'),)
    assert read(openai({"content": "40", "tool_calls": []}, "stop")).calls == ()


def test_calls_are_read_in_anthropics_form() -> None:
    blocks = [
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "x", "name": "stock", "input": {"item": "é"}},
    ]
    completion = read({"content": blocks, "stop_reason": "tool_use"}, dialect="anthropic")
    assert completion.calls == (ToolCall("stock", '{"item": "é"}'),)
    assert (completion.text, completion.stop) == ("Let me see.", "stop")


@pytest.mark.parametrize("choice", [None, "past"])
def test_a_call_that_was_not_offered_is_withheld_as_ever(choice: Choice | None) -> None:
    with pytest.raises(Withheld) as caught:
        read(openai({"content": None, "tool_calls": [CALL]}), choice=choice)
    assert caught.value.cause == "tool call"
    assert (read(openai(TWO), choice=choice).calls, read(openai(TWO), choice=choice).stop) == ((), "tool_calls")
    use = [{"type": "tool_use", "name": "stock", "input": {}}]
    with pytest.raises(Withheld):
        read({"content": use, "stop_reason": "tool_use"}, choice=choice, dialect="anthropic")


def test_calls_when_none_are_left_are_the_models_doing() -> None:
    assert read(openai({"content": None, "tool_calls": [CALL]}), choice="none").calls


@given(calls=ANY_JSON, blocks=st.lists(ANY_JSON, max_size=3), reason=st.sampled_from(["tool_calls", "tool_use", None]))
def test_whatever_stands_for_a_call_is_a_completion_or_the_servers_fault(calls: Any, blocks: Any, reason: Any) -> None:
    for payload, dialect in (
        (openai({"content": "", "tool_calls": calls}, reason), "vllm"),
        ({"content": [{"type": "tool_use", **(calls if isinstance(calls, dict) else {})}, *blocks]}, "anthropic"),
    ):
        try:
            completion = read(payload, dialect=dialect)
        except EngineError:
            continue
        assert all(isinstance(call.tool, str) and isinstance(call.arguments, str) for call in completion.calls)


def test_calls_are_put_together_from_a_stream() -> None:
    parts = [
        {"role": "assistant", "content": None},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "stock", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"item": '}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"bolt"}'}}]},
        {"tool_calls": [{"index": 1, "function": {"name": "stock", "arguments": "{}"}}]},
    ]
    chunks = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in parts]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    lines = [b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]
    body = b"".join(lines)
    streamed = read_stream(HttpResponse(200, None, body, [(0.0, 0)]))
    completion = read(streamed.payload)
    assert completion.calls == (ToolCall("stock", '{"item": "bolt"}'), ToolCall("stock", "{}"))
    assert len(streamed.times) == 4


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (400, 'tool_choice="required" requires --tool-call-parser to be set'),
        (500, "tools param requires --jinja flag"),
        (400, "registry.example/m does not support tools"),
    ],
)
def test_a_server_that_calls_no_tools_says_what_it_needs(status: int, sentence: str) -> None:
    error = error_of(status, orjson.dumps({"error": {"message": sentence}}).decode())
    assert isinstance(error, BadRequest)
    assert "--enable-auto-tool-choice --tool-call-parser NAME, or llama-server with --jinja" in str(error)
    assert "?calls=written" in str(error)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_simulated_server_calls_the_tools_that_it_is_offered(streamed: bool) -> None:
    async with SimulatedServer(Spec(model="fake", first_token=0.0, interval=0.0)).serving() as server:
        url = f"{server.url}/v1"
        engine = StreamingEngine("fake", url, Streaming()) if streamed else ChatEngine("fake", url)
        async with engine:
            assert engine.calls_tools
            completions = [await engine.complete(request(choice)) for choice in ("required", "required", "none")]
    first, again, none = completions
    assert first.calls == again.calls and not none.calls and none.text
    (call,) = first.calls
    assert call.tool == "stock" and set(call.values) == {"item", "count"}
    assert first.stop == "stop" and first.usage.tokens_out > 1
