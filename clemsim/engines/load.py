"""How busy servers are, as they say themselves, and how the width was set by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """One look at a server, or at all replicas of a model together."""

    running: int  # requests that are being answered
    waiting: int  # requests that the server holds in its queue
    kv_usage: float  # 0..1, of the KV cache in use by running requests
    preemptions: int  # so far
    kv_tokens: int = 0  # how many tokens the KV cache holds; 0: unknown
    prefix_queries: int = 0  # prompt tokens looked up in the prefix cache so far
    prefix_hits: int = 0  # those that were found
    generated: int = 0  # tokens so far
    rejections: int = 0  # requests, of anybody, that the server turned away so far

    @classmethod
    def total(cls, loads: Iterable[ServerLoad]) -> ServerLoad | None:
        """Of several replicas; None for none. KV use is averaged."""
        some = list(loads)
        if not some:
            return None
        return cls(
            sum(each.running for each in some),
            sum(each.waiting for each in some),
            sum(each.kv_usage for each in some) / len(some),
            sum(each.preemptions for each in some),
            sum(each.kv_tokens for each in some),
            sum(each.prefix_queries for each in some),
            sum(each.prefix_hits for each in some),
            sum(each.generated for each in some),
            sum(each.rejections for each in some),
        )
