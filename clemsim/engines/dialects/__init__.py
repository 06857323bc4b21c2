"""Dialects: what each kind of model server understands, one small module for each.

A dialect says in its traits what can be asked of a server, writes a `Request` as the JSON that the server documents, and
reads its answer. It opens no socket; `discovery.py` finds out which dialect a server speaks, where its address or SPEC does
not say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from clemsim.engines.dialects.anthropic import AnthropicDialect
from clemsim.engines.dialects.dialect import Dialect, DialectName
from clemsim.engines.dialects.llamacpp import LlamaCppDialect
from clemsim.engines.dialects.openai import OpenAIDialect
from clemsim.engines.dialects.openrouter import OpenRouterDialect
from clemsim.engines.dialects.sglang import SGLangDialect
from clemsim.engines.dialects.vllm import VllmDialect

OPENAI, VLLM, LLAMACPP = OpenAIDialect(), VllmDialect(), LlamaCppDialect()
SGLANG, ANTHROPIC, OPENROUTER = SGLangDialect(), AnthropicDialect(), OpenRouterDialect()

DIALECTS: Mapping[DialectName, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (OPENAI, VLLM, LLAMACPP, SGLANG, ANTHROPIC, OPENROUTER)}
)

_HOSTS: Mapping[str, DialectName] = MappingProxyType({"api.anthropic.com": "anthropic", "openrouter.ai": "openrouter"})


def dialect_of(url: str) -> DialectName | None:
    """Return the dialect that the host of an address speaks; None where the address does not tell it."""
    return _HOSTS.get((urlsplit(url).hostname or "").rstrip("."))


__all__ = [
    "ANTHROPIC",
    "DIALECTS",
    "LLAMACPP",
    "OPENAI",
    "OPENROUTER",
    "SGLANG",
    "VLLM",
    "Dialect",
    "DialectName",
    "dialect_of",
]
