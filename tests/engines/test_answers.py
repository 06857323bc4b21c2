"""Reading what servers send: nothing of it is trusted, and what a reply does not need costs no reply."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clemsim.engines import answers
from clemsim.engines.base import Completion
from clemsim.errors import EngineError, EngineUnavailable, Withheld
from tests.engines.hostile import ANY_JSON, odd_answers
from tests.engines.servers import answer, ask


def read(payload: Any) -> Completion:
    return answers.read_completion(payload, ask(), "tiny", started=1.0, seconds=2.0, retries=3)


def reply(**message: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": "stop"}]}


def test_read_takes_everything() -> None:
    completion = read(answer("hi", "length"))
    assert (completion.text, completion.reasoning, completion.stop) == ("hi", "", "length")
    usage = completion.usage
    assert (usage.model, usage.seed, usage.started, usage.seconds, usage.retries) == ("tiny", 7, 1.0, 2.0, 3)
    assert (usage.tokens_in, usage.tokens_out, usage.tokens_cached, usage.fingerprint) == (5, 2, 3, "fp")


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_read_reasoning(field: str) -> None:
    completion = read(reply(content=None, **{field: "hm"}))
    assert (completion.text, completion.reasoning, completion.stop) == ("", "hm", "stop")
    assert read(reply(content="hi", **{field: [1]})).reasoning == ""


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens_details": None}, "many", [1], 3, True])
def test_missing_usage_counts_nothing(usage: Any) -> None:
    counts = read(answer(usage=usage)).usage
    assert (counts.tokens_in, counts.tokens_out, counts.tokens_cached) == (0, 0, 0)


@pytest.mark.parametrize("count", [-1, 1e30, 2**64 - 1, 2**31, float("nan"), float("inf"), True, "7", [7], None, {}])
def test_a_count_that_is_none_is_unknown_and_costs_no_reply(count: Any) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": count, "prompt_tokens_details": {"cached_tokens": count}}
    completion = read(answer("hi", usage=usage))
    assert completion.text == "hi"
    assert (completion.usage.tokens_in, completion.usage.tokens_out, completion.usage.tokens_cached) == (0, 0, 0)


def test_counts_up_to_the_limit() -> None:
    assert [answers.read_count(count) for count in (0, 7, 7.0, 2**31 - 1)] == [0, 7, 7, 2**31 - 1]


@pytest.mark.parametrize("times", [3, "soon", [1], {"queue_time_ms": -1, "time_to_first_token_ms": float("nan")}])
def test_times_that_are_none_are_unknown(times: Any) -> None:
    usage = read(answer("hi", metrics=times)).usage
    assert (usage.queued, usage.first_token) == (None, None)


def test_times() -> None:
    usage = read(answer("hi", metrics={"queue_time_ms": 5, "time_to_first_token_ms": 0.5})).usage
    assert (usage.queued, usage.first_token) == (0.005, 0.0005)


@pytest.mark.parametrize("content", [[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], ["a", "b"]])
def test_content_in_parts_is_read_as_its_text(content: Any) -> None:
    assert read(reply(content=content)).text == "ab"


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {"choices": []},
        {"choices": None},
        {"choices": {}},
        {"choices": ["text"]},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": {}}]},
        {"choices": [{"message": {"content": 3}}]},
        {"choices": [{"message": {"content": [{"type": "image"}]}}]},
    ],
)
def test_unreadable(payload: Any) -> None:
    with pytest.raises(EngineUnavailable, match="unreadable answer"):
        read(payload)


@pytest.mark.parametrize(
    "payload",
    [
        {"error": {"message": "model overloaded", "code": 529}},
        {"error": "model overloaded"},
        {"detail": "model overloaded"},
        {"object": "error", "message": "model overloaded"},
        {"error": {"message": "model overloaded"}, "choices": []},
    ],
)
def test_an_error_instead_of_an_answer_reaches_the_user(payload: Any) -> None:
    with pytest.raises(EngineUnavailable, match=r"sent an error as its answer: model overloaded$"):
        read(payload)


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("stop", "stop"),
        (None, "stop"),
        ("", "stop"),
        (7, "stop"),
        ({}, "stop"),
        ("length", "length"),
        ("eos_token", "eos_token"),
        ("a\x1b[2Jb\nc", "a [2Jb c"),
        ("x" * 100, "x" * 63 + "…"),
        ("overflow", "overflow (server)"),  # a server cannot blame the model
    ],
)
def test_finish_reasons_are_kept_as_they_came(reason: Any, stop: str) -> None:
    assert read(answer("hi", reason)).stop == stop


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY"])
@pytest.mark.parametrize("text", [None, "half a"])
def test_a_filtered_reply_is_withheld(reason: str, text: str | None) -> None:
    with pytest.raises(Withheld, match=reason.lower()) as caught:
        read(answer(text, reason))
    assert caught.value.cause == "filtered"


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": None}, "finish_reason": "tool_calls"},
        {"message": {"content": " "}, "finish_reason": "function_call"},
        {"message": {"tool_calls": [{"id": "1"}]}, "finish_reason": "stop"},
    ],
)
def test_a_tool_call_without_a_text_is_withheld(choice: Any) -> None:
    with pytest.raises(Withheld) as caught:
        read({"choices": [choice]})
    assert caught.value.cause == "tool call"


def test_a_tool_call_beside_a_text_is_a_reply() -> None:
    choice = {"message": {"content": "hi", "tool_calls": [{}]}, "finish_reason": "tool_calls"}
    assert (read({"choices": [choice]}).text, read({"choices": [choice]}).stop) == ("hi", "tool_calls")


@pytest.mark.parametrize("reason", ["abort", "error"])
def test_a_reply_that_the_server_broke_off_is_its_fault(reason: str) -> None:
    with pytest.raises(EngineUnavailable, match=f"broke the reply off.*{reason}"):
        read(answer("half a", reason))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"content": "a\\ud800b"}', "a\ud800b"),
        (b'{"content": "a\xff"}', "a\ufffd"),
        (b'{"content": "a", "x": NaN, "y": 1e400}', "a"),
    ],
)
def test_json_that_is_not_quite_json_is_read(body: bytes, text: str) -> None:
    assert answers.parse_json(body)["content"] == text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is empty"),
        (
            b"<html><title>502 Bad\x1b[2J Gateway",
            r"a web page, not JSON: check the address \(it begins with: <html><title>502",
        ),
        (b'data: {"a": 1}\n\n', "a stream, which it was not asked for"),
        (b"hello\x00\x1b there", r"it is not JSON \(it begins with: hello there\)"),
        (b"[" * 100_000, "it is not JSON"),
        (b"9" * 10_000, "it is not JSON"),
        (b"x" * 2**21, "it is not JSON"),
    ],
)
def test_what_is_no_json_is_described(body: bytes, why: str) -> None:
    with pytest.raises(EngineUnavailable, match=why) as caught:
        answers.parse_json(body)
    assert len(str(caught.value)) < 300 and str(caught.value).isprintable()


def test_the_key_is_hidden_before_a_text_is_cut() -> None:
    with pytest.raises(EngineUnavailable) as caught:
        answers.parse_json(b"x" * 115 + b"sk-secret and more", lambda text: text.replace("sk-secret", "(key)"))
    assert "sk-" not in str(caught.value)


def test_whatever_is_raised_while_an_answer_is_read_is_the_servers_fault() -> None:
    for error in (RecursionError(), MemoryError(), OverflowError(), LookupError(), AssertionError()):
        with pytest.raises(EngineUnavailable, match=type(error).__name__), answers.reading_answer:
            raise error
    for other in (KeyboardInterrupt(), GeneratorExit(), Withheld("no")):
        with pytest.raises(type(other)), answers.reading_answer:
            raise other


@given(odd_answers())
@example({"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 1e30}})
def test_any_answer_is_read_or_the_servers_fault(payload: Any) -> None:
    try:
        completion = read(answers.parse_json(json.dumps(payload).encode()))
    except EngineError:
        return
    usage = completion.usage
    assert all(0 <= count < 2**31 for count in (usage.tokens_in, usage.tokens_out, usage.tokens_cached))
    assert all(time is None or 0 <= time < 2**31 for time in (usage.queued, usage.first_token))
    assert len(completion.stop) <= 80 and completion.stop.isprintable() and completion.stop != "overflow"
    orjson.dumps([completion.stop, usage.fingerprint, usage.queued])


@given(ANY_JSON)
def test_any_json_is_read_or_the_servers_fault(payload: Any) -> None:
    for read_it in (read, lambda sent: answers.read_batch(sent, [ask(), ask()], "tiny", started=1.0, seconds=2.0)):
        try:
            read_it(payload)
        except EngineError:
            continue


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_the_servers_fault(body: bytes) -> None:
    try:
        answers.parse_json(body)
    except EngineUnavailable as error:
        assert str(error).isprintable()
