"""vLLM: sampling parameters of its own, regular expressions, and a switch in the chat template for thinking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from clemsim.engines.base import Request, Sampling
from clemsim.engines.dialects.dialect import COMMON, Body, Dialect, DialectName, fixed_fields, room
from clemsim.engines.thinking import THINKING, Thinking
from clemsim.game.formats import Format


class VllmDialect(Dialect):
    """vLLM's chat completions."""

    name: ClassVar[DialectName] = "vllm"
    sampling: ClassVar[Mapping[str, str]] = MappingProxyType(
        COMMON | {"top_k": "top_k", "min_p": "min_p", "repetition_penalty": "repetition_penalty"}
    )
    constrains: ClassVar[bool] = True
    holds_length: ClassVar[bool] = True
    tells_tokens: ClassVar[bool] = True
    samples_many: ClassVar[bool] = True
    thinks: ClassVar[frozenset[str]] = frozenset(THINKING)

    def fields(self, sampling: Sampling) -> Body:
        """Return all fields; vLLM's `max_tokens` bounds thinking and reply together."""
        return {**super().fields(sampling), "max_tokens": room(sampling)}

    def thinking(self, thinking: Thinking) -> Body:
        """Return the template's switch, with the budget or the effort. Templates name the switch differently, and ignore
        names that they do not know.
        """
        on = thinking != "off"
        fields: Body = {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}
        if isinstance(thinking, int):
            fields["thinking_token_budget"] = thinking
        elif thinking in ("low", "medium", "high"):
            fields["reasoning_effort"] = thinking
        return fields

    def constraint(self, held_to: Format, sampling: Sampling) -> Body:
        """Return the regular expression. A server with a reasoning parser holds only what follows the thinking to it."""
        return {"structured_outputs": {"regex": held_to.regex}}

    def batch_body(self, model: str, requests: Sequence[Request]) -> dict[str, Any]:
        """Return the JSON of a request for several chat completions that differ in nothing but their messages."""
        first = requests[0]
        messages = [request.messages for request in requests]
        body = {**fixed_fields(self, model, first.sampling), "messages": messages, "seed": first.seed}
        held = self.constraint(first.format, first.sampling) if first.format else {}
        return body | {"return_token_ids": True} | held
