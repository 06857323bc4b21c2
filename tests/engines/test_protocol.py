"""Request bodies, completions and errors, without a socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines import protocol
from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.errors import (
    BadRequest,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    Transient,
    Unauthorized,
    UnknownModel,
    Withheld,
)
from clemsim.game.formats import one_of
from tests.engines.servers import ask

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


def test_the_body_for_any_server_is_explicit() -> None:
    sampling = Sampling(0.5, 20, 0.9, 40, 0.1, 1.1, 0.2, 0.3)
    request = Request([ChatMessage(role="system", content="a"), ChatMessage(role="user", content="b")], sampling, 11)
    body = protocol.request_body("tiny", request, "openai")
    assert set(body) == PLAIN
    assert body["messages"] == [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    assert (body["temperature"], body["max_tokens"], body["top_p"], body["seed"]) == (0.5, 20, 0.9, 11)
    assert (body["presence_penalty"], body["frequency_penalty"], body["stream"]) == (0.2, 0.3, False)


def test_body_for_vllm() -> None:
    form = one_of("yes", "no")
    body = protocol.request_body("tiny", ask(form=form), "vllm")
    assert set(body) - PLAIN == {"top_k", "min_p", "repetition_penalty", "structured_outputs"}
    assert body["top_k"] == -1
    assert body["structured_outputs"] == {"regex": form.regex}


def test_body_for_llamacpp() -> None:
    form = one_of("yes", "no")
    body = protocol.request_body("tiny", ask(form=form), "llamacpp")
    assert set(body) - PLAIN == {"top_k", "min_p", "repeat_penalty", "cache_prompt", "grammar"}
    assert body["top_k"] == 0  # llama.cpp's value for all
    assert body["grammar"] == form.gbnf


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_no_constraint_without_format(dialect: protocol.Dialect) -> None:
    assert not {"grammar", "structured_outputs"} & set(protocol.request_body("tiny", ask(), dialect))


def test_format_for_a_server_that_cannot() -> None:
    with pytest.raises(BadRequest, match="cannot hold"):
        protocol.request_body("tiny", ask(form=one_of("a", "b")), "openai")


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
def test_errors_by_status(status: int, kind: type[EngineError]) -> None:
    error = protocol.error_of(status, '{"error": {"message": "no\\nluck", "code": 1}}', 4.0)
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
    assert protocol.error_of(status, text) is None


def test_overflow_only_where_the_request_is_to_blame() -> None:
    assert isinstance(protocol.error_of(500, "maximum context length"), EngineUnavailable)


@pytest.mark.parametrize("text", ["<html>\n gone </html>", '{"error": "gone"}', '{"message": "gone"}', '["gone"]'])
def test_any_shape_of_message(text: str) -> None:
    assert "gone" in str(protocol.error_of(500, text))


def test_long_messages_are_cut() -> None:
    message = str(protocol.error_of(400, "x\n" * 5000))
    assert "\n" not in message
    assert len(message.partition(": ")[2]) == 300


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
    assert protocol.parse_retry_after(header, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"code": "content_filter", "message": "The response was filtered"}}',
        '{"error": {"innererror": {"code": "ResponsibleAIPolicyViolation"}}}',
    ],
)
def test_a_filter_that_refuses_a_conversation_is_no_bad_request(status: int, text: str) -> None:
    error = protocol.error_of(status, text)
    assert isinstance(error, Withheld) and error.cause == "filtered"
    assert not isinstance(protocol.error_of(500, text), Withheld)


def test_a_redirect_says_what_to_do() -> None:
    assert "redirects are not followed" in str(protocol.error_of(302, ""))


@pytest.mark.parametrize(
    "header",
    [
        *("Wed, 21 Oct 2015 99999999999999999999:28:00 GMT", "-1", "nan", "inf", "1e999", "\u0663", "9" * 5000, "soon", ","),
        *(
            "Mon, 01 Jan 0001 00:00:00 +2359",
            "Fri, 31 Dec 9999 23:59:59 -2359",
            "\ud800",
            "Wed, 21 Oct 2015 07:28:00 +99999999",
        ),
    ],
)
def test_a_retry_after_of_any_shape_raises_nothing(header: str) -> None:
    seconds = protocol.parse_retry_after(header)
    assert seconds is None or 0 <= seconds < float("inf")


@given(
    st.text(max_size=40) | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,30} \d+:\d+:\d+ [-+A-Z0-9]{1,9}\Z")
)
def test_any_retry_after_raises_nothing(header: str) -> None:
    seconds = protocol.parse_retry_after(header)
    assert seconds is None or 0 <= seconds < float("inf")


@given(st.text(max_size=600), st.integers(10, 300))
def test_a_shortened_text_is_one_printable_line(text: str, length: int) -> None:
    line = protocol.shorten(text, length)
    assert len(line) <= length and (line.isprintable() or not line)
