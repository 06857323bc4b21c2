"""OpenAI's chat completions, and every server that shows no more than that: it gets only what everyone understands.

Parameters that a model refuses (`max_tokens` and `temperature`, by OpenAI's reasoning models) are learned from its first
answer: see `refused_parameters.py`.
"""

from __future__ import annotations

from typing import ClassVar

from clemsim.engines.base import Sampling
from clemsim.engines.dialects.dialect import Body, Dialect, DialectName, room
from clemsim.engines.thinking import Thinking


class OpenAIDialect(Dialect):
    """Chat completions without extras; thinking by `reasoning_effort`, which knows no number of tokens."""

    name: ClassVar[DialectName] = "openai"
    samples_many: ClassVar[bool] = True
    thinks: ClassVar[frozenset[str]] = frozenset({"off", "low", "medium", "high"})

    def fields(self, sampling: Sampling) -> Body:
        """Return the common fields; tokens of thinking count among those of the reply."""
        return {**super().fields(sampling), "max_tokens": room(sampling)}

    def thinking(self, thinking: Thinking) -> Body:
        """Return the effort; "none" is OpenAI's word for no thinking."""
        return {"reasoning_effort": "none" if thinking == "off" else thinking}
