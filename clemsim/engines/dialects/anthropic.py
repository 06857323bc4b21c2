"""Anthropic's messages: the system text apart, blocks of content in place of a text, no seed and no penalties."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from clemsim.engines import answers
from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.dialects.dialect import Body, Dialect, DialectName
from clemsim.engines.images import base64_of, chat_messages
from clemsim.engines.thinking import Thinking, thinking_tokens
from clemsim.engines.tool_wire import anthropic_messages, anthropic_tools, read_blocks, takes_calls
from clemsim.errors import BadRequest, Withheld
from clemsim.game.content import Part, Text
from clemsim.game.messages import Usage
from clemsim.game.tools import Offer

VERSION = "2023-06-01"
LEAST_BUDGET = 1024  # tokens; fewer are refused
_STOPS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "overflow"}
_CACHED = {"type": "ephemeral"}


class AnthropicDialect(Dialect):
    """`POST /v1/messages`, with the prompt cached up to its last message."""

    name: ClassVar[DialectName] = "anthropic"
    path: ClassVar[str] = "messages"
    sampling: ClassVar[Mapping[str, str]] = MappingProxyType({"temperature": "temperature"})
    stops: ClassVar[str] = "stop_sequences"
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({"cache_control": _CACHED})
    takes_seed: ClassVar[bool] = False
    tells_logprobs: ClassVar[bool] = False
    thinks: ClassVar[frozenset[str]] = frozenset({"off", "on", "low", "medium", "high", "budget"})

    def body(self, model: str, request: Request) -> Body:
        """Return the JSON of a request; the system text is a field of its own.

        Raises BadRequest where tools are offered to a model that thinks: its thoughts would have to be sent back with its
        calls, and are not kept as Anthropic signs them.
        """
        messages = request.messages
        head = {"system": messages[0]["content"]} if messages[0]["role"] == "system" else {}
        body = super().body(model, request)
        if request.offer is not None:
            if request.sampling.thinking not in ("", "off"):
                raise BadRequest("a model that thinks cannot call Anthropic's tools here: thinking=off, or calls=written")
            body["messages"] = anthropic_messages(body["messages"])
        return {**body, **head, "messages": body["messages"][1:]} if head else body

    def messages(self, request: Request) -> Sequence[Any]:
        """Return the conversation; of a message with pictures, its blocks."""
        return chat_messages(request.messages, request.parts, _block) if request.parts else request.messages

    def tools(self, offer: Offer) -> Body:
        """Return the fields that offer tools, as Anthropic names them."""
        return anthropic_tools(offer)

    def fields(self, sampling: Sampling) -> Body:
        """Return what Anthropic takes: while thinking, the temperature is not to be set; top_p and top_k only where they
        limit anything, for newer models refuse top_p beside the temperature.
        """
        fields: Body = {"max_tokens": self._room(sampling)}
        if sampling.thinking in ("", "off"):
            fields["temperature"] = sampling.temperature
        if sampling.top_p < 1:
            fields["top_p"] = sampling.top_p
        if sampling.top_k > 0:
            fields["top_k"] = sampling.top_k
        return fields

    def thinking(self, thinking: Thinking) -> Body:
        """Return the thinking block: its budget counts among the tokens of the reply."""
        if thinking == "off":
            return {"thinking": {"type": "disabled"}}
        return {"thinking": {"type": "enabled", "budget_tokens": max(LEAST_BUDGET, thinking_tokens(thinking))}}

    def headers(self, key: str) -> Mapping[str, str]:
        """Return key and version as Anthropic names them."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def read(
        self,
        payload: Any,
        request: Request,
        model: str,
        *,
        started: float,
        seconds: float,
        retries: int = 0,
        hide: Callable[[str], str] = str,
    ) -> Completion:
        """Return the completion: blocks of text are the reply, blocks of thinking its reasoning.

        Cached tokens are those read from the cache; Anthropic counts them, and those written to it, beside the input.
        """
        with answers.reading_answer:
            answers.check_error(payload, hide)
            blocks, reason = payload["content"], payload.get("stop_reason")
            if reason == "refusal":
                raise Withheld("the provider withheld the reply (stop_reason refusal)")
            text = "".join(str(block["text"]) for block in blocks if block.get("type") == "text")
            thoughts = "\n".join(str(block.get("thinking", "")) for block in blocks if block.get("type") == "thinking")
            calls = read_blocks(blocks) if takes_calls(request.offer) else ()
            if reason == "tool_use" and not text.strip() and not calls:
                raise Withheld("the server answered with a tool call and no text", "tool call")
            stop = _STOPS.get(reason) or answers.read_stop(reason)
            stop = "stop" if calls and reason == "tool_use" else stop
            usage = Usage(model, request.seed, started, seconds, retries=retries)
            _count(usage, payload.get("usage"))
            return Completion(text, thoughts, stop, usage, calls=calls)

    def _room(self, sampling: Sampling) -> int:
        tokens = thinking_tokens(sampling.thinking)
        return sampling.max_tokens + (max(LEAST_BUDGET, tokens) if tokens else 0)


def _block(part: Part) -> Body:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": base64_of(part)}}


def _count(usage: Usage, counts: object) -> None:
    if not isinstance(counts, dict):
        return
    read = answers.read_count(counts.get("cache_read_input_tokens"))
    written = answers.read_count(counts.get("cache_creation_input_tokens"))
    usage.tokens_in = answers.read_count(counts.get("input_tokens")) + read + written
    usage.tokens_cached = read
    usage.tokens_out = answers.read_count(counts.get("output_tokens"))
