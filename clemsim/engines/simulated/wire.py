"""The JSON of a simulated server, without a socket: request bodies as clients write them, answers as vLLM writes them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import orjson

from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.machine import Served
from clemsim.engines.simulated.pictures import IMAGES, seen_images

Kind = Literal["chat", "text"]  # chat completions, and plain completions of a prompt


class Refused(Exception):
    """The request gets this status and text instead of a completion."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Exchange(NamedTuple):
    """Prompt and reply of a request in tokens, and why the reply ends. `tool`: the reply are the arguments of its call."""

    prompt: Sequence[Hashable]
    reply: list[str]
    finish_reason: str
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What all parts of an answer have in common: its identifier, when it was made (seconds since the epoch) and by whom."""

    kind: Kind
    model: str
    id: str = ""
    created: int = field(default_factory=lambda: int(time()))

    @classmethod
    def new(cls, kind: Kind, model: str) -> Answer:
        """Return the beginning of an answer."""
        return cls(kind, model, f"{'chatcmpl' if kind == 'chat' else 'cmpl'}-{uuid4().hex}")

    def _with(self, name: str, **fields: Any) -> dict[str, Any]:
        return {"id": self.id, "object": name, "created": self.created, "model": self.model, **fields}

    def whole(self, choices: Sequence[Body], usage: Body, times: Mapping[str, float] | None) -> dict[str, Any]:
        """Return the answer in one piece."""
        name = "chat.completion" if self.kind == "chat" else "text_completion"
        return self._with(name, choices=choices, usage=usage, metrics=times)

    def choice(self, index: int, exchange: Exchange) -> dict[str, Any]:
        """Return a whole reply."""
        text = "".join(exchange.reply)
        said: dict[str, Any] = {"message": {"role": "assistant", "content": text}} if self.kind == "chat" else {"text": text}
        if exchange.tool:
            said["message"] |= {"content": None, "tool_calls": [self._call(exchange.tool, text)]}
        return {"index": index, **said, "logprobs": None, "finish_reason": exchange.finish_reason}

    def _call(self, tool: str, arguments: str) -> dict[str, Any]:
        function = {"name": tool, "arguments": arguments}
        return {"index": 0, "id": f"{self.id}-tool", "type": "function", "function": function}

    def part(self, text: str, finish_reason: str | None, *, first: bool, tool: str = "") -> bytes:
        """Return the event that brings a token; the first one names the speaker, and the tool of a call."""
        if tool:
            call = self._call(tool, text) if first else {"index": 0, "function": {"arguments": text}}
            said: dict[str, Any] = {"delta": {"tool_calls": [call]} | ({"role": "assistant"} if first else {})}
        elif self.kind == "chat":
            said = {"delta": {"role": "assistant", "content": text} if first else {"content": text}}
        else:
            said = {"text": text}
        return self._chunk([{"index": 0, **said, "logprobs": None, "finish_reason": finish_reason}])

    def end(self, usage: Body) -> bytes:
        """Return the event that brings the usage."""
        return self._chunk([], usage=usage)

    def _chunk(self, choices: Sequence[Body], **fields: Any) -> bytes:
        name = "chat.completion.chunk" if self.kind == "chat" else "text_completion"
        return b"data: " + orjson.dumps(self._with(name, choices=choices, **fields)) + b"\n\n"


def usage(tokens_in: int, tokens_out: int, cached: int) -> dict[str, Any]:
    """Return the usage of a request in tokens."""
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def times(served: Served) -> dict[str, float]:
    """Return the server's own times in milliseconds."""
    return {"queue_time_ms": 1000 * served.queued, "time_to_first_token_ms": 1000 * (served.first_token - served.queued)}


def normalized(body: Mapping[str, Any], kind: Kind, models: Collection[str]) -> dict[str, Any]:
    """Return a request body with `messages` whose contents are text, and one limit, `max_tokens`. Raises Refused."""
    if body.get("model") not in models:
        raise Refused(404, f"the model {body.get('model')!r} does not exist")
    body = dict(body) | ({"messages": _prompt_messages(body.get("prompt"))} if kind == "text" else {})
    if not isinstance(body["messages"], list) or not body["messages"]:
        raise Refused(400, "messages: a list is needed")
    _check_fields(body)
    if body.get("max_completion_tokens") is not None:
        body["max_tokens"] = body["max_completion_tokens"]
    elif kind == "text":
        body.setdefault("max_tokens", 16)  # as OpenAI's and vLLM's
    return body


def _prompt_messages(prompt: object) -> list[dict[str, Any]]:
    """Return a prompt, which is a text or tokens, as the one message of a conversation without a template."""
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if isinstance(prompt, list) and prompt and all(isinstance(token, int) for token in prompt):
        prompt = "".join(f"{token % 10_000:04d}" for token in prompt)  # one token each
    if not isinstance(prompt, str) or not prompt:
        raise Refused(400, "prompt: one text, or one list of tokens, is needed")
    return [{"role": "user", "content": prompt}]


def as_messages(value: object) -> list[dict[str, Any]]:
    """Return messages whose contents are text, with their pictures under IMAGES; other parts of a content are left out.

    Raises Refused.
    """
    messages = value if isinstance(value, list) else []
    if not messages or not all(isinstance(part, dict) and isinstance(part.get("role"), str) for part in messages):
        raise Refused(400, "messages: a list of objects with role and content is needed")
    return [{**message, "content": _content(message), **_images(message)} for message in messages]


def _images(message: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(parts := message["content"], list):
        return {}
    try:
        return {IMAGES: seen_images(parts)}
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _content(message: Mapping[str, Any]) -> str:
    match message.get("content"):
        case str() as text:
            return text
        case list() as parts:
            return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
        case None if "content" in message:
            return ""
    raise Refused(400, "messages: a list of objects with role and content is needed")


def _check_fields(body: Body) -> None:
    """Raise Refused for a field whose value the server cannot use."""
    for name, least in (("max_tokens", 1), ("max_completion_tokens", 1), ("priority", -(2**31))):
        value = body.get(name)
        if value is not None and (type(value) is not int or not least <= value < 2**31):
            raise Refused(400, f"{name}: a whole number from {least} on is needed, not {value!r}")
    if not isinstance(body.get("stream_options") or {}, dict):
        raise Refused(400, "stream_options: an object is needed")
