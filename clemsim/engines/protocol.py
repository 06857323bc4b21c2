"""Errors of model servers, without a socket. Requests are written in `dialects`, answers are read in `answers.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import orjson

from clemsim.errors import (
    BadRequest,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    Unauthorized,
    UnknownModel,
    Withheld,
)

# Signs of an error message that says that the conversation is too long for the model.
OVERFLOWS = (
    "exceed_context_size",
    "exceeds the available context size",
    "context_length_exceeded",
    "maximum context length",
    "longer than the maximum model length",
)

# Signs of an error message that says that the server calls no tools as it was started (vLLM, llama.cpp, Ollama).
NO_TOOLS = (
    "--enable-auto-tool-choice",
    "--tool-call-parser",
    "requires --jinja",
    "does not support tools",
    "tool use is not supported",
)
START = (
    "calls of tools need vLLM with --enable-auto-tool-choice --tool-call-parser NAME, or llama-server with --jinja, and a"
    " model that knows tools; with ?calls=written in the SPEC, or --constrain, models write them as text"
)

# Signs of an error message that says that the provider's filter let the conversation not pass.
FILTERS = ("content_filter", "content_policy_violation", "responsibleaipolicyviolation", "content management policy")


def error_of(
    status: int, text: str, retry_after: float | None = None, hide: Callable[[str], str] = str
) -> EngineError | None:
    """Return the error behind an HTTP status with this body; None for a context overflow, a fact about the model.

    `retry_after`: seconds that the server asked to wait. `hide` removes the key from the server's sentence.
    """
    if status in (400, 413, 422) and any(sign in text.lower() for sign in OVERFLOWS):
        return None
    message = f"the server said {status}: {shorten(hide(_error_message(text)))}"
    if status in (400, 403, 422) and any(sign in text.lower() for sign in FILTERS):
        return Withheld(f"the provider's filter refused the conversation: {message}")
    if status in (400, 422, 500, 501) and any(sign in text.lower() for sign in NO_TOOLS):
        return BadRequest(f"{message}: {START}")
    match status:
        case 301 | 302 | 303 | 307 | 308:
            return BadRequest(f"{message} (redirects are not followed: give the address that this one leads to)")
        case 401 | 403:
            return Unauthorized(f"{message}; set CLEMSIM_API_KEY to a key that it accepts")
        case 404:
            return UnknownModel(message)
        case 408 | 504:
            return EngineTimeout(message, retry_after)
        case 429 | 503 | 529:  # 529: Anthropic is overloaded
            return EngineBusy(message, retry_after)
        case _ if status >= 500:
            return EngineUnavailable(message, retry_after)
    return BadRequest(message)


def parse_retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header, which holds seconds or a date, asks to wait; None for none."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _seconds_until(header, now or datetime.now(UTC))
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (then - now).total_seconds())
    except Exception:  # the library raises what it likes: ValueError, OverflowError, TypeError, IndexError
        return None


def _error_message(text: str) -> str:
    """Return the human part of an error's JSON; the text itself where there is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return error_sentence(value) or text


def error_sentence(value: object) -> str:
    """Return the human part of an error, as servers write them in JSON; empty where there is none."""
    for field in ("error", "detail", "message"):
        value = value.get(field, value) if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""


def shorten(text: str, length: int = 300) -> str:
    """Return the text on one line, cut to `length` characters, with a blank for what cannot be printed."""
    start = text[: 4 * length]
    line = " ".join((start if start.isprintable() else "".join(map(_printable, start))).split())
    if len(line) <= length and len(start) == len(text):
        return line
    return f"{line[: length - 1]}…"


def _printable(char: str) -> str:
    return char if char.isprintable() else " "
