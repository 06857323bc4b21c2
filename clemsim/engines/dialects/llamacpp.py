"""llama.cpp, in this process and as a server: grammars, and template arguments for thinking."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from clemsim.engines.answers import reading_answer
from clemsim.engines.base import Completion, Request, Sampling
from clemsim.engines.dialects.dialect import COMMON, Body, Dialect, DialectName, room
from clemsim.engines.thinking import THINKING, Thinking, thinking_tokens
from clemsim.game.formats import Format

# What comes before a reply that is held to a format; a thought holds no other closing tag.
THOUGHT = """("<think>")? ([^<] | "<" [^/])* "</think>" [\\n]{0,2}"""


class LlamaCppDialect(Dialect):
    """llama.cpp's chat completions."""

    name: ClassVar[DialectName] = "llamacpp"
    sampling: ClassVar[Mapping[str, str]] = MappingProxyType(
        COMMON | {"top_k": "top_k", "min_p": "min_p", "repetition_penalty": "repeat_penalty"}
    )
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({"stream": False, "cache_prompt": True})
    constrains: ClassVar[bool] = True
    holds_length: ClassVar[bool] = True
    samples_many: ClassVar[bool] = True
    thinks: ClassVar[frozenset[str]] = frozenset(THINKING)

    def fields(self, sampling: Sampling) -> Body:
        """Return all fields; "no limit" of top_k is 0 here, and `max_tokens` bounds thinking and reply together."""
        return {**super().fields(sampling), "top_k": max(0, sampling.top_k), "max_tokens": room(sampling)}

    def body(self, model: str, request: Request) -> Body:
        """Return the JSON of a request. Of several replies a server counts the tokens of the first alone, so it is asked
        for their log-probabilities, by which all are counted.
        """
        body = super().body(model, request)
        return {"logprobs": True, "top_logprobs": 1, **body} if request.samples > 1 else body

    def read(self, payload: Any, request: Request, model: str, **about: Any) -> Completion:
        """Return the completion, with the tokens of all replies."""
        completion = super().read(payload, request, model, **about)
        if request.samples > 1:
            counts = [_listed(choice) for choice in payload["choices"]]
            completion.usage.tokens_out = max(completion.usage.tokens_out, sum(counts))
        return completion

    def thinking(self, thinking: Thinking) -> Body:
        """Return the template's switch, and the budget at which llama.cpp's sampler ends the thinking: the number that is
        given, or that of the effort, which templates that know efforts are told too.
        """
        template: Body = {"enable_thinking": thinking != "off"}
        if thinking in ("low", "medium", "high"):
            template["reasoning_effort"] = thinking
        budget = thinking_tokens(thinking)
        return {"chat_template_kwargs": template} | ({"thinking_budget_tokens": budget} if budget else {})

    def constraint(self, held_to: Format, sampling: Sampling) -> Body:
        """Return the grammar; where thinking is asked for, one that has it before the reply, between `<think>`, which most
        templates put into the prompt, and `</think>`.
        """
        return {"grammar": f"root ::= {THOUGHT} {held_to.rule}" if sampling.thinking not in ("", "off") else held_to.gbnf}


@reading_answer
def _listed(choice: Any) -> int:
    """Return the number of tokens of a reply of which the log-probabilities are told; 0 where they are not."""
    content = (choice.get("logprobs") or {}).get("content")
    return len(content) if isinstance(content, list) else 0
