"""SGLang: vLLM's sampling parameters, and regular expressions as a field of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from clemsim.engines.base import Sampling
from clemsim.engines.dialects.dialect import COMMON, Body, Dialect, DialectName, room
from clemsim.engines.thinking import Thinking
from clemsim.game.formats import Format


class SGLangDialect(Dialect):
    """SGLang's chat completions."""

    name: ClassVar[DialectName] = "sglang"
    sampling: ClassVar[Mapping[str, str]] = MappingProxyType(
        COMMON | {"top_k": "top_k", "min_p": "min_p", "repetition_penalty": "repetition_penalty"}
    )
    constrains: ClassVar[bool] = True
    holds_length: ClassVar[bool] = True
    samples_many: ClassVar[bool] = True
    thinks: ClassVar[frozenset[str]] = frozenset({"off", "on", "low", "medium", "high"})

    def fields(self, sampling: Sampling) -> Body:
        """Return all fields; `max_tokens` bounds thinking and reply together."""
        return {**super().fields(sampling), "max_tokens": room(sampling)}

    def thinking(self, thinking: Thinking) -> Body:
        """Return the template's switch, with the effort."""
        on = thinking != "off"
        fields: Body = {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}
        return fields | ({"reasoning_effort": thinking} if thinking in ("low", "medium", "high") else {})

    def constraint(self, held_to: Format, sampling: Sampling) -> Body:
        """Return the regular expression."""
        return {"regex": held_to.regex}
