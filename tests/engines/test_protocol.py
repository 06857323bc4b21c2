"""Request bodies, answers and faults, without a socket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from clemsim.engines import protocol
from clemsim.engines.base import ChatMessage, Completion, Request, Sampling
from clemsim.errors import (
    BadRequest,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    Transient,
    Unauthorized,
    UnknownModel,
)
from clemsim.game.formats import one_of
from tests.engines.servers import answer, ask

PLAIN = {
    "model",
    "messages",
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "stream",
}


def read(payload: Any) -> Completion:
    return protocol.read(payload, ask(), "tiny", started=1.0, seconds=2.0, retries=3)


def test_body_for_anyone_is_explicit() -> None:
    sampling = Sampling(0.5, 20, 0.9, 40, 0.1, 1.1, 0.2, 0.3)
    request = Request([ChatMessage(role="system", content="a"), ChatMessage(role="user", content="b")], sampling, 11)
    sent = protocol.body("tiny", request, "openai")
    assert set(sent) == PLAIN
    assert sent["messages"] == [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    assert (sent["temperature"], sent["max_tokens"], sent["top_p"], sent["seed"]) == (0.5, 20, 0.9, 11)
    assert (sent["presence_penalty"], sent["frequency_penalty"], sent["stream"]) == (0.2, 0.3, False)


def test_body_for_vllm() -> None:
    form = one_of("yes", "no")
    sent = protocol.body("tiny", ask(form=form), "vllm")
    assert set(sent) - PLAIN == {"top_k", "min_p", "repetition_penalty", "structured_outputs"}
    assert sent["top_k"] == -1
    assert sent["structured_outputs"] == {"regex": form.regex}


def test_body_for_llamacpp() -> None:
    form = one_of("yes", "no")
    sent = protocol.body("tiny", ask(form=form), "llamacpp")
    assert set(sent) - PLAIN == {"top_k", "min_p", "repeat_penalty", "cache_prompt", "grammar"}
    assert sent["top_k"] == 0  # all, as llama.cpp says it
    assert sent["grammar"] == form.gbnf


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_no_constraint_without_format(dialect: protocol.Dialect) -> None:
    assert not {"grammar", "structured_outputs"} & set(protocol.body("tiny", ask(), dialect))


def test_format_for_a_server_that_cannot() -> None:
    with pytest.raises(BadRequest, match="can't hold"):
        protocol.body("tiny", ask(form=one_of("a", "b")), "openai")


def test_read_takes_everything() -> None:
    found = read(answer("hi", "length"))
    assert (found.text, found.reasoning, found.stop) == ("hi", "", "length")
    usage = found.usage
    assert (usage.model, usage.seed, usage.started, usage.seconds, usage.retries) == ("tiny", 7, 1.0, 2.0, 3)
    assert (usage.tokens_in, usage.tokens_out, usage.tokens_cached, usage.fingerprint) == (5, 2, 3, "fp")


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_read_reasoning(field: str) -> None:
    message = {"content": None, field: "hm"}
    found = read({"choices": [{"message": message, "finish_reason": "tool_calls"}]})
    assert (found.text, found.reasoning, found.stop) == ("", "hm", "stop")


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens_details": None}])
def test_missing_usage_counts_nothing(usage: dict[str, Any] | None) -> None:
    spent = read(answer(usage=usage)).usage
    assert (spent.tokens_in, spent.tokens_out, spent.tokens_cached) == (0, 0, 0)


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
        {"choices": [{"message": {"content": ["a"]}}]},
        answer(usage={"prompt_tokens": "many"}),
        answer(usage=[1]),
    ],
)
def test_unreadable(payload: Any) -> None:
    with pytest.raises(EngineUnavailable, match="unreadable answer"):
        read(payload)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, BadRequest),
        (400, BadRequest),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, UnknownModel),
        (408, EngineTimeout),
        (413, BadRequest),
        (422, BadRequest),
        (429, EngineBusy),
        (500, EngineUnavailable),
        (502, EngineUnavailable),
        (503, EngineBusy),
        (504, EngineTimeout),
    ],
)
def test_fault_by_status(status: int, kind: type[EngineError]) -> None:
    error = protocol.fault(status, '{"error": {"message": "no\\nluck", "code": 1}}', 4.0)
    assert type(error) is kind
    assert f"{status}: no luck" in str(error)
    if isinstance(error, Transient):
        assert error.retry_after == 4.0


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"code": 400, "message": "too much", "type": "exceed_context_size_error"}}',
        "the request exceeds the available context size, try increasing it",
        '{"message": "This model\'s maximum context length is 4096 tokens."}',
        "The decoder prompt (length 9) is longer than the maximum model length of 8.",
        '{"error": {"message": "Too long.", "code": "context_length_exceeded"}}',
    ],
)
def test_overflow_is_no_error(status: int, text: str) -> None:
    assert protocol.fault(status, text) is None


def test_overflow_only_where_the_request_is_to_blame() -> None:
    assert isinstance(protocol.fault(500, "maximum context length"), EngineUnavailable)


@pytest.mark.parametrize("text", ["<html>\n gone </html>", '{"error": "gone"}', '{"message": "gone"}', '["gone"]'])
def test_any_shape_of_message(text: str) -> None:
    assert "gone" in str(protocol.fault(500, text))


def test_long_messages_are_cut() -> None:
    said = str(protocol.fault(400, "x\n" * 5000))
    assert "\n" not in said
    assert len(said.partition(": ")[2]) == 300


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert protocol.retry_after(header, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds
