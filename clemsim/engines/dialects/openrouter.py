"""OpenRouter: chat completions with one field for thinking, which it translates for each provider."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from clemsim.engines.base import Sampling
from clemsim.engines.dialects.dialect import COMMON, Body, Dialect, DialectName, room
from clemsim.engines.thinking import THINKING, Thinking


class OpenRouterDialect(Dialect):
    """OpenRouter's chat completions."""

    name: ClassVar[DialectName] = "openrouter"
    sampling: ClassVar[Mapping[str, str]] = MappingProxyType(
        COMMON | {"top_k": "top_k", "min_p": "min_p", "repetition_penalty": "repetition_penalty"}
    )
    thinks: ClassVar[frozenset[str]] = frozenset(THINKING)

    def fields(self, sampling: Sampling) -> Body:
        """Return all fields; "no limit" of top_k is 0 here, and `max_tokens` bounds thinking and reply together."""
        return {**super().fields(sampling), "top_k": max(0, sampling.top_k), "max_tokens": room(sampling)}

    def thinking(self, thinking: Thinking) -> Body:
        """Return OpenRouter's `reasoning`: switch, budget, or effort."""
        if isinstance(thinking, int):
            return {"reasoning": {"max_tokens": thinking}}
        return {"reasoning": {"enabled": thinking == "on"} if thinking in ("on", "off") else {"effort": thinking}}
