"""The chat completions protocol, without a socket: request bodies, answers, faults.

What servers understand differs: `vllm` and `llamacpp` take more sampling parameters and can hold decoding to a format;
`openai` stands for all others and gets only what everyone understands.
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

# How servers say that a conversation is too long for the model.
OVERFLOWS = (
    "exceed_context_size",
    "exceeds the available context size",
    "context_length_exceeded",
    "maximum context length",
    "longer than the maximum model length",
)


def body(model: str, request: Request, dialect: Dialect) -> dict[str, Any]:
    """The JSON of a chat completion request; every sampling parameter that the dialect knows is explicit."""
    sent = {**fixed(model, request.sampling, dialect), "messages": request.messages, "seed": request.seed}
    return sent | constraint(request, dialect) if request.format else sent


@lru_cache(maxsize=64)
def fixed(model: str, sampling: Sampling, dialect: Dialect) -> Mapping[str, Any]:
    """What is the same in all requests with one way of sampling."""
    sent: dict[str, Any] = {
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
            sent |= {"top_k": sampling.top_k, "min_p": sampling.min_p}
            sent["repetition_penalty"] = sampling.repetition_penalty
        case "llamacpp":
            sent |= {"top_k": max(0, sampling.top_k), "min_p": sampling.min_p, "cache_prompt": True}
            sent["repeat_penalty"] = sampling.repetition_penalty
    return MappingProxyType(sent)


def batch(model: str, requests: Sequence[Request]) -> dict[str, Any]:
    """The JSON of a request for several chat completions that differ in nothing but their messages (vLLM)."""
    first = requests[0]
    sent = {**fixed(model, first.sampling, "vllm"), "messages": [each.messages for each in requests], "seed": first.seed}
    return sent | {"return_token_ids": True} | constraint(first, "vllm")


def constraint(request: Request, dialect: Dialect) -> dict[str, Any]:
    """What holds decoding to the request's format. Raises BadRequest where the server can't be held."""
    if request.format is None:
        return {}
    match dialect:
        case "vllm":
            return {"structured_outputs": {"regex": request.format.regex}}
        case "llamacpp":
            return {"grammar": request.format.gbnf}
    raise BadRequest("the server can't hold replies to a format")


def read(payload: Any, sent: Request, model: str, *, started: float, seconds: float, retries: int = 0) -> Completion:
    """A completion out of the server's JSON. Raises EngineUnavailable when it can't be read."""
    try:
        text, reasoning, stop = _choice(payload["choices"][0])
        spent = payload.get("usage") or _NOTHING
        usage = Usage(
            model,
            sent.seed,
            started,
            seconds,
            int(spent.get("prompt_tokens") or 0),
            int(spent.get("completion_tokens") or 0),
            int((spent.get("prompt_tokens_details") or _NOTHING).get("cached_tokens") or 0),
            retries,
            _text(payload.get("system_fingerprint")),
        )
        if timed := payload.get("metrics"):
            usage.queued = _seconds(timed.get("queue_time_ms"))
            usage.first_token = _seconds(timed.get("time_to_first_token_ms"))
    except _UNREADABLE as error:
        raise EngineUnavailable("the server sent an unreadable answer: there is no choice with a message") from error
    return Completion(text, reasoning, stop, usage)


def read_batch(payload: Any, sent: Sequence[Request], model: str, *, started: float, seconds: float) -> list[Completion]:
    """The completions of a batch, in its order. The server counts the prompt tokens of all together; each turn gets its
    share by length, and is marked as a part of a batch. Raises EngineUnavailable when it can't be read.
    """
    try:
        choices = sorted(payload["choices"], key=lambda each: int(each["index"]))
        shares = apportion(int(payload["usage"]["prompt_tokens"]), [_length(each) for each in sent])
        fingerprint = _text(payload.get("system_fingerprint"))
        completions = []
        for choice, request, tokens_in in zip(choices, sent, shares, strict=True):
            tokens_out = len(choice["token_ids"])
            usage = Usage(
                model, request.seed, started, seconds, tokens_in, tokens_out, fingerprint=fingerprint, batched=True
            )
            completions.append(Completion(*_choice(choice), usage))
    except _UNREADABLE as error:
        raise EngineUnavailable("the server sent an unreadable answer: a batch lacks choices or token counts") from error
    return completions


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """A whole number in parts by weight (at least one of them above 0); the parts add up to it exactly."""
    total = sum(weights)
    ends = [whole * end // total for end in accumulate(weights)]
    return [end - begin for begin, end in pairwise([0, *ends])]


def _length(request: Request) -> int:
    return 1 + sum(len(each["content"]) for each in request.messages)


def _choice(choice: Any) -> tuple[str, str, Stop]:
    """Text, reasoning, and why it ended."""
    message = choice["message"]
    reasoning = _text(message.get("reasoning_content") or message.get("reasoning"))
    return _text(message.get("content")), reasoning, "length" if choice.get("finish_reason") == "length" else "stop"


def _seconds(milliseconds: object) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None


def overflow(sent: Request, model: str, *, started: float, seconds: float, retries: int = 0) -> Completion:
    """What stands for an answer when the conversation no longer fits the model."""
    return Completion("", "", "overflow", Usage(model, sent.seed, started, seconds, retries=retries))


def fault(status: int, text: str, wait: float | None = None) -> EngineError | None:
    """The error behind an HTTP status; None for a context overflow, which is a fact about the model."""
    if status in (400, 413, 422) and any(sign in text.lower() for sign in OVERFLOWS):
        return None
    said = f"the server said {status}: {shorten(_message(text))}"
    match status:
        case 401 | 403:
            return Unauthorized(f"{said}; set CLEMSIM_API_KEY to a key that it accepts")
        case 404:
            return UnknownModel(said)
        case 408 | 504:
            return EngineTimeout(said, wait)
        case 429 | 503:
            return EngineBusy(said, wait)
        case _ if status >= 500:
            return EngineUnavailable(said, wait)
    return BadRequest(said)


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait out of a Retry-After header, which holds seconds or a date."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _until(header, now or datetime.now(UTC))
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


def _message(text: str) -> str:
    """The human part of an error's JSON; the text itself where there is none."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    for field in ("error", "message"):
        said = said.get(field, said) if isinstance(said, dict) else said
    return said if isinstance(said, str) else text


def _text(value: object) -> str:
    """A field that holds text or nothing. Raises TypeError for anything else."""
    if value is None or isinstance(value, str):
        return value or ""
    raise TypeError(f"text expected, not {type(value).__name__}")


def shorten(text: str, most: int = 300) -> str:
    """On one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
