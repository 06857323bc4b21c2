"""Parameters that a server refuses: learned from its first answer, left out from then on, and told to the user.

OpenAI's reasoning models take `max_completion_tokens` in place of `max_tokens`, and no temperature but their own; other
providers refuse a seed, or penalties. What a request is about (model, messages, a format, thinking) is never left out.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

REFUSING = frozenset({400, 422})  # statuses with which servers refuse a parameter

_RENAMED = {"max_tokens": "max_completion_tokens"}
_OPTIONAL = frozenset(
    {
        "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty",
        "repeat_penalty", "seed", "stop", "stop_sequences", "cache_control", "session_id", "priority", "logprobs",
        "top_logprobs",
    }
)  # fmt: skip
_SIGNS = re.compile(
    r"unsupported|not supported|n't support|not support|unrecognized|unknown|not permitted|deprecated|unexpected"
    r"|extra inputs|extra fields|not allowed|cannot both|not available|not compatible",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-z][a-z_]+")


class RefusedParameters:
    """What one server has refused so far. It is true once there is anything."""

    def __init__(self, where: str) -> None:
        """`where`: the name of the model, for notices."""
        self._where = where
        self._refused: set[str] = set()
        self.notices: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._refused)

    def without(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body without what is refused, or with it under its other name."""
        kept = {name: value for name, value in body.items() if name not in self._refused}
        return kept | {_RENAMED[name]: body[name] for name in self._refused & _RENAMED.keys() & body.keys()}

    def learn(self, answer: str, sent: bytes) -> bool:
        """Take the refusal out of an answer to the request `sent`; return whether to send the request again."""
        body: dict[str, Any] = orjson.loads(sent)
        name = refused_parameter(answer, body)
        if not name:
            return False
        if name not in self._refused:
            self._refused.add(name)
            self.notices.append(self._notice(name, body[name]))
        return True

    def _notice(self, name: str, value: object) -> str:
        if name in _RENAMED:
            return f"{self._where} refuses {name}: it is sent as {_RENAMED[name]}"
        return f"{self._where} refuses {name}={value}: it plays with the server's own {name}"


def refused_parameter(answer: str, body: dict[str, Any]) -> str:
    """Return the field of a request that an error says is not supported; empty where it says so of none that may be left
    out.
    """
    if not _SIGNS.search(answer):
        return ""
    fields = [name for name in body if name in _OPTIONAL or name in _RENAMED]
    named = [_parameter(answer), *_NAME.findall(_without_proposals(answer))]
    return next((name for name in named if name in fields), "")


def _parameter(answer: str) -> str:
    """Return the parameter that an error names in a field of its own."""
    try:
        error = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return ""
    error = error.get("error", error) if isinstance(error, dict) else None
    name = error.get("param") if isinstance(error, dict) else None
    return name if isinstance(name, str) else ""


def _without_proposals(answer: str) -> str:
    """Return the error without what it says to use instead."""
    return re.sub(r"\b(use|try)\b[^.]*", "", answer, flags=re.IGNORECASE)
