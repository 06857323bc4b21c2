"""Reads the answers of model servers: whole ones, batches, and what stands in their place.

Nothing that a server sends is trusted. What cannot be read is `EngineUnavailable`, whatever it was that failed; what a reply
does not need (counts, times, reasoning) costs no reply: it is unknown then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ContextDecorator
from itertools import accumulate, pairwise
from math import isfinite
from types import MappingProxyType, TracebackType
from typing import Any

import orjson

from clemsim.engines.base import Candidate, Completion, Request, Sampling
from clemsim.engines.protocol import error_sentence, shorten
from clemsim.engines.tool_wire import read_calls, takes_calls
from clemsim.errors import EngineError, EngineUnavailable, Withheld
from clemsim.game.encodable import encodable
from clemsim.game.messages import Usage
from clemsim.game.tool_calls import ToolCall

MOST_COUNT = 2**31 - 1  # tokens; more is no count
MOST_SECONDS = 1e9
STOP_LENGTH = 64  # characters of a finish reason that are kept
LENIENT = 2**20  # bytes of an answer that is read although it is not quite JSON; Python's reader is slow

# Finish reasons with which a provider says that it held the reply back, in lower case.
FILTERED = frozenset({"content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii"})
TOOL_CALLS = frozenset({"tool_calls", "tool_call", "function_call"})
# With which a server says that it broke the reply off.
BROKEN_OFF = frozenset({"abort", "error", "insufficient_system_resource"})

Hide = Callable[[str], str]  # removes the key from a text that the server sent
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class _Reading(ContextDecorator):
    """The context in which an answer is read, and a decorator for what reads it: whatever is raised meanwhile is the
    server's fault, and that of one request alone.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, Exception) and not isinstance(error, EngineError):
            raise EngineUnavailable(f"the server sent an unreadable answer ({type(error).__name__})") from error


reading_answer = _Reading()


def parse_json(body: bytes, hide: Hide = str) -> Any:
    """Return the JSON in the body of an answer. Raises EngineUnavailable, with what was sent instead."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        try:
            return _parse_leniently(body)
        except (ValueError, RecursionError):
            raise EngineUnavailable(f"the server sent an unreadable answer: {_description(body, hide)}") from error


def _parse_leniently(body: bytes) -> Any:
    """Read what strict readers refuse and servers send: lone surrogates, broken UTF-8, NaN. Raises ValueError."""
    if len(body) > LENIENT:
        raise ValueError("too long")
    return json.loads(body.decode(errors="replace"))


def _description(body: bytes, hide: Hide) -> str:
    start = body[:LENIENT].lstrip()
    if not start:
        return "it is empty"
    text = f"it begins with: {shorten(hide(start.decode(errors='replace')), 120)}"
    if start.startswith(b"<"):
        return f"a web page, not JSON: check the address ({text})"
    if start.startswith((b"data:", b"event:", b":")):
        return f"a stream, which it was not asked for ({text})"
    return f"it is not JSON ({text})"


@reading_answer
def read_completion(
    payload: Any, request: Request, model: str, *, started: float, seconds: float, retries: int = 0, hide: Hide = str
) -> Completion:
    """Return the completion in the JSON that answers `request`.

    `started`: seconds since the epoch; `seconds`: the duration of the last attempt; `retries`: the attempts before it.
    Raises EngineUnavailable when it cannot be read or tells an error, and Withheld.
    """
    text, reasoning, stop, calls = _read_choice(_first_choice(payload, hide), called=takes_calls(request.offer))
    tokens = _mapping(payload.get("usage"))
    usage = Usage(
        model,
        request.seed,
        started,
        seconds,
        read_count(tokens.get("prompt_tokens")),
        read_count(tokens.get("completion_tokens")),
        read_count(_mapping(tokens.get("prompt_tokens_details")).get("cached_tokens")),
        retries,
        read_fingerprint(payload),
    )
    if times := _mapping(payload.get("metrics")):
        usage.queued = _seconds(times.get("queue_time_ms"))
        usage.first_token = _seconds(times.get("time_to_first_token_ms"))
    if details := _details(payload, tokens, request.sampling):
        usage.details = details
    samples = _samples(payload, called=takes_calls(request.offer)) if request.samples > 1 else ()
    return Completion(text, reasoning, stop, usage, samples, calls)


def _details(payload: Any, tokens: Mapping[str, Any], sampling: Sampling) -> dict[str, Any]:
    """Return the tokens of thinking, where the server counts them, and what was asked for beside the reply."""
    found: dict[str, Any] = {}
    if thought := read_count(_mapping(tokens.get("completion_tokens_details")).get("reasoning_tokens")):
        found["tokens_thought"] = thought
    if not (sampling.logprobs or sampling.tokens):
        return found
    choice = payload["choices"][0]
    content = _mapping(choice.get("logprobs")).get("content")
    if sampling.logprobs and isinstance(content, list):
        found["logprobs"] = [_logprob(each, sampling.logprobs) for each in content]
    if sampling.tokens:
        ids = {"prompt": payload.get("prompt_token_ids") or choice.get("prompt_token_ids"), "reply": choice.get("token_ids")}
        found["token_ids"] = {name: [int(each) for each in own] for name, own in ids.items() if isinstance(own, list)}
    return found


def _logprob(entry: Mapping[str, Any], most: int) -> list[Any]:
    """Return a token, its log-probability, and the likeliest tokens with theirs."""
    likeliest = (entry.get("top_logprobs") or [])[:most]
    return [_token(entry), _finite(entry["logprob"]), [[_token(each), _finite(each["logprob"])] for each in likeliest]]


def _token(entry: Mapping[str, Any]) -> str:
    return encodable(str(entry["token"]))


def _finite(value: Any) -> float | None:
    """Return a log-probability; None for one that is no finite number."""
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _samples(payload: Any, *, called: bool) -> list[Candidate]:
    """Return all replies of an answer."""
    return [Candidate(*_read_choice(choice, called=called)) for choice in payload["choices"]]


@reading_answer
def read_batch(payload: Any, requests: Sequence[Request], model: str, *, started: float, seconds: float) -> list[Completion]:
    """Return the completions of a batch, in the order of its requests.

    The server counts the prompt tokens of all together; each turn gets its share by length, and is marked as batched.
    Raises what `read_completion` raises.
    """
    choices = sorted(payload["choices"], key=lambda choice: int(choice["index"]))
    if [choice["index"] for choice in choices] != list(range(len(requests))):
        raise EngineUnavailable("the server sent an unreadable answer: a batch lacks choices")
    whole = read_count(_mapping(payload.get("usage")).get("prompt_tokens"))
    shares = apportion(whole, [_length(request) for request in requests])
    fingerprint = read_fingerprint(payload)
    completions = []
    for choice, request, tokens_in in zip(choices, requests, shares, strict=True):
        tokens = choice.get("token_ids")
        tokens_out = len(tokens) if isinstance(tokens, list) else 0
        usage = Usage(model, request.seed, started, seconds, tokens_in, tokens_out, fingerprint=fingerprint, batched=True)
        text, reasoning, stop, _ = _read_choice(choice)
        completions.append(Completion(text, reasoning, stop, usage))
    return completions


def overflow_completion(request: Request, model: str, *, started: float, seconds: float, retries: int = 0) -> Completion:
    """Return what stands for a reply when the conversation no longer fits the model."""
    return Completion("", "", "overflow", Usage(model, request.seed, started, seconds, retries=retries))


def read_count(value: object) -> int:
    """Return a number of tokens; 0, which stands for unknown, for what is none."""
    if type(value) is int:  # not bool
        return value if 0 <= value <= MOST_COUNT else 0
    return int(value) if isinstance(value, float) and 0 <= value <= MOST_COUNT else 0


def read_stop(reason: object) -> str:
    """Return why a reply ended, in the server's own word; "stop" where it says nothing.

    "overflow" is a word of clemsim's own, with which it blames the model; a server's is marked as such.
    """
    if reason == "stop" or reason == "length":
        return str(reason)
    word = shorten(reason, STOP_LENGTH) if isinstance(reason, str) else ""
    return f"{word} (server)" if word == "overflow" else word or "stop"


def read_fingerprint(payload: Mapping[str, Any]) -> str:
    """Return what the server says of its configuration; empty where it says nothing."""
    value = payload.get("system_fingerprint")
    return shorten(value, STOP_LENGTH) if isinstance(value, str) else ""


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """Return whole numbers that add up to `whole`, by their weights, of which at least one must be above 0."""
    total = sum(weights)
    ends = [whole * end // total for end in accumulate(weights)]
    return [end - begin for begin, end in pairwise([0, *ends])]


def _length(request: Request) -> int:
    return 1 + sum(len(message["content"]) for message in request.messages)


def check_error(payload: Any, hide: Hide) -> None:
    """Raise EngineUnavailable, with the server's own sentence, where it sent an error as its answer."""
    if isinstance(payload, dict) and "error" in payload and (sentence := error_sentence(payload)):
        raise EngineUnavailable(f"the server sent an error as its answer: {shorten(hide(sentence))}")


def _first_choice(payload: Any, hide: Hide) -> Any:
    """Return the first choice; raise EngineUnavailable with the server's own sentence where it sent an error instead."""
    try:
        return payload["choices"][0]
    except (KeyError, IndexError, TypeError) as error:
        if isinstance(payload, dict) and (sentence := error_sentence(payload)):
            raise EngineUnavailable(f"the server sent an error as its answer: {shorten(hide(sentence))}") from error
        raise EngineUnavailable("the server sent an unreadable answer: there is no choice with a message") from error


def _read_choice(choice: Any, *, called: bool = False) -> tuple[str, str, str, tuple[ToolCall, ...]]:
    """Return text, reasoning, why the reply ended, and the calls of tools, if it may be `called`. Raises Withheld, and
    EngineUnavailable for what is no reply.
    """
    message, reason = choice["message"], choice.get("finish_reason")
    text = _read_text(message.get("content"))
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if reason != "stop" and reason != "length":
        _check_reason(reason)
    if called and (calls := read_calls(message)):
        return text, _read_reasoning(reasoning), "length" if reason == "length" else "stop", calls
    if not text or text.isspace():
        _check_empty(message, reason, reasoning)
    return text, _read_reasoning(reasoning), read_stop(reason), ()


def _check_reason(reason: object) -> None:
    """Raise the error behind a finish reason of a reply that is not the model's own doing."""
    word = reason.lower() if isinstance(reason, str) else ""
    if word in FILTERED:
        raise Withheld(f"the provider withheld the reply (finish_reason {word})")
    if word in BROKEN_OFF:
        raise EngineUnavailable(f"the server broke the reply off (finish_reason {word})")


def _check_empty(message: Mapping[str, Any], reason: object, reasoning: object) -> None:
    """Raise an error where no text came, but the model is not known to have said nothing."""
    if message.get("tool_calls") or message.get("function_call") or reason in TOOL_CALLS:
        raise Withheld("the server answered with a tool call and no text", "tool call")
    if "content" not in message and not reasoning:
        raise EngineUnavailable("the server sent an unreadable answer: its message has no content")


def _read_text(content: object) -> str:
    """Return the text of a message: text, nothing, or parts. Raises TypeError for anything else."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if not isinstance(content, list):
        raise TypeError(f"text expected, not {type(content).__name__}")
    texts = [part if isinstance(part, str) else part.get("text") for part in content]
    texts = [text for text in texts if isinstance(text, str)]
    if content and not texts:
        raise TypeError("no part is text")
    return "".join(texts)


def _read_reasoning(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _seconds(milliseconds: object) -> float | None:
    """Return a duration; None for what is none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return milliseconds / 1000 if 0 <= milliseconds <= 1000 * MOST_SECONDS else None
