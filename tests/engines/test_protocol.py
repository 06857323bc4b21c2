"""Errors of servers, without a socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines import protocol
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
        (529, EngineBusy),
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
