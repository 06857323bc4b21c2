"""The chat completions protocol, without a socket: request bodies, completions, errors.

Servers differ in what they understand: `vllm` and `llamacpp` take more sampling parameters and can hold decoding to a
format; `openai` stands for all others, which get only what every server understands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal

import orjson

from clemsim.engines.base import Completion, Request, Sampling
from clemsim.errors import BadRequest, EngineBusy, EngineError, EngineTimeout, EngineUnavailable, Unauthorized, UnknownModel
from clemsim.game.messages import Stop, Usage

Dialect = Literal["openai", "vllm", "llamacpp"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_UNREADABLE = (KeyError, IndexError, TypeError, AttributeError, ValueError)

# Signs of an error message that says that the conversation is too long for the model.
OVERFLOWS = (
    "exceed_context_size",
    "exceeds the available context size",
    "context_length_exceeded",
    "maximum context length",
    "longer than the maximum model length",
)


def request_body(model: str, request: Request, dialect: Dialect) -> dict[str, Any]:
    """Return the JSON of a chat completion request. Every sampling parameter that the dialect knows is explicit.

    Raises BadRequest where the server cannot hold decoding to the request's format.
    """
    body = {**_fixed_fields(model, request.sampling, dialect), "messages": request.messages, "seed": request.seed}
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


def read_completion(
    payload: Any, request: Request, model: str, *, started: float, seconds: float, retries: int = 0
) -> Completion:
    """Return the completion in the JSON that answers `request`. Raises EngineUnavailable when it cannot be read.

    `started`: seconds since the epoch; `seconds`: the duration of the last attempt; `retries`: the attempts before it.
    """
    try:
        text, reasoning, stop = _read_choice(payload["choices"][0])
        tokens = payload.get("usage") or _NOTHING
        usage = Usage(
            model,
            request.seed,
            started,
            seconds,
            int(tokens.get("prompt_tokens") or 0),
            int(tokens.get("completion_tokens") or 0),
            int((tokens.get("prompt_tokens_details") or _NOTHING).get("cached_tokens") or 0),
            retries,
            _checked_text(payload.get("system_fingerprint")),
        )
        if times := payload.get("metrics"):
            usage.queued = _seconds(times.get("queue_time_ms"))
            usage.first_token = _seconds(times.get("time_to_first_token_ms"))
    except _UNREADABLE as error:
        raise EngineUnavailable("the server sent an unreadable answer: there is no choice with a message") from error
    return Completion(text, reasoning, stop, usage)


def read_batch(payload: Any, requests: Sequence[Request], model: str, *, started: float, seconds: float) -> list[Completion]:
    """Return the completions of a batch, in the order of its requests. Raises EngineUnavailable when it cannot be read.

    The server counts the prompt tokens of all together; each turn gets its share by length, and is marked as batched.
    """
    try:
        choices = sorted(payload["choices"], key=lambda choice: int(choice["index"]))
        shares = apportion(int(payload["usage"]["prompt_tokens"]), [_length(request) for request in requests])
        fingerprint = _checked_text(payload.get("system_fingerprint"))
        completions = []
        for choice, request, tokens_in in zip(choices, requests, shares, strict=True):
            tokens_out = len(choice["token_ids"])
            usage = Usage(
                model, request.seed, started, seconds, tokens_in, tokens_out, fingerprint=fingerprint, batched=True
            )
            completions.append(Completion(*_read_choice(choice), usage))
    except _UNREADABLE as error:
        raise EngineUnavailable("the server sent an unreadable answer: a batch lacks choices or token counts") from error
    return completions


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """Return whole numbers that add up to `whole`, by their weights, of which at least one must be above 0."""
    total = sum(weights)
    ends = [whole * end // total for end in accumulate(weights)]
    return [end - begin for begin, end in pairwise([0, *ends])]


def _length(request: Request) -> int:
    return 1 + sum(len(message["content"]) for message in request.messages)


def _read_choice(choice: Any) -> tuple[str, str, Stop]:
    """Return text, reasoning, and why the reply ended."""
    message = choice["message"]
    reasoning = _checked_text(message.get("reasoning_content") or message.get("reasoning"))
    stop: Stop = "length" if choice.get("finish_reason") == "length" else "stop"
    return _checked_text(message.get("content")), reasoning, stop


def _seconds(milliseconds: object) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None


def overflow_completion(request: Request, model: str, *, started: float, seconds: float, retries: int = 0) -> Completion:
    """Return what stands for a reply when the conversation no longer fits the model."""
    return Completion("", "", "overflow", Usage(model, request.seed, started, seconds, retries=retries))


def error_of(status: int, text: str, retry_after: float | None = None) -> EngineError | None:
    """Return the error behind an HTTP status with this body; None for a context overflow, a fact about the model.

    `retry_after`: seconds that the server asked to wait.
    """
    if status in (400, 413, 422) and any(sign in text.lower() for sign in OVERFLOWS):
        return None
    message = f"the server said {status}: {shorten(_error_message(text))}"
    match status:
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
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


def _error_message(text: str) -> str:
    """Return the human part of an error's JSON; the text itself where there is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    for field in ("error", "message"):
        value = value.get(field, value) if isinstance(value, dict) else value
    return value if isinstance(value, str) else text


def _checked_text(value: object) -> str:
    """Return a field that holds text or nothing. Raises TypeError for anything else."""
    if value is None or isinstance(value, str):
        return value or ""
    raise TypeError(f"text expected, not {type(value).__name__}")


def shorten(text: str, length: int = 300) -> str:
    """Return the text on one line, cut to `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
