"""The chat completions protocol, without a socket: request bodies and errors. Answers are read in `answers.py`.

Servers differ in what they understand: `vllm` and `llamacpp` take more sampling parameters and can hold decoding to a
format; `openai` stands for all others, which get only what every server understands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal

import orjson

from clemsim.engines.base import Request, Sampling
from clemsim.engines.tool_wire import openai_tools
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

Dialect = Literal["openai", "vllm", "llamacpp"]

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
    " model that knows tools; with --written-calls or --constrain models write them as text"
)

# Signs of an error message that says that the provider's filter let the conversation not pass.
FILTERS = ("content_filter", "content_policy_violation", "responsibleaipolicyviolation", "content management policy")


def request_body(model: str, request: Request, dialect: Dialect) -> dict[str, Any]:
    """Return the JSON of a chat completion request. Every sampling parameter that the dialect knows is explicit.

    Raises BadRequest where the server cannot hold decoding to the request's format.
    """
    body = {**_fixed_fields(model, request.sampling, dialect), "messages": request.messages, "seed": request.seed}
    if request.offer:
        body |= openai_tools(request.offer)
    return body | _constraint(request, dialect) if request.format else body


@lru_cache(maxsize=64)
def _fixed_fields(model: str, sampling: Sampling, dialect: Dialect) -> Mapping[str, Any]:
    """Return the fields that are the same in all requests with one way of sampling."""
    fields: dict[str, Any] = {
        "model": model,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "stream": False,
    }
    match dialect:
        case "vllm":
            fields |= {"top_k": sampling.top_k, "min_p": sampling.min_p}
            fields["repetition_penalty"] = sampling.repetition_penalty
        case "llamacpp":
            fields |= {"top_k": max(0, sampling.top_k), "min_p": sampling.min_p, "cache_prompt": True}
            fields["repeat_penalty"] = sampling.repetition_penalty
    return MappingProxyType(fields)


def batch_body(model: str, requests: Sequence[Request]) -> dict[str, Any]:
    """Return the JSON of a request for several chat completions that differ in nothing but their messages (vLLM)."""
    first = requests[0]
    messages = [request.messages for request in requests]
    body = {**_fixed_fields(model, first.sampling, "vllm"), "messages": messages, "seed": first.seed}
    return body | {"return_token_ids": True} | _constraint(first, "vllm")


def _constraint(request: Request, dialect: Dialect) -> dict[str, Any]:
    """Return the fields that hold decoding to the request's format. Raises BadRequest where the server has none."""
    if request.format is None:
        return {}
    match dialect:
        case "vllm":
            return {"structured_outputs": {"regex": request.format.regex}}
        case "llamacpp":
            return {"grammar": request.format.gbnf}
    raise BadRequest("the server cannot hold replies to a format")


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
        case 429 | 503:
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
