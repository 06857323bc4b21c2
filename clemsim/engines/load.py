"""How busy servers are, as they report it themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """One reading of a server, or of all replicas of a model together.

    Totals count since the server started and include requests of other clients.
    """

    running: int  # requests that are being answered
    waiting: int  # requests in the server's queue
    kv_usage: float  # share of the KV cache that running requests use, 0..1
    preemptions: int  # total of requests whose KV cache was taken away
    kv_tokens: int = 0  # capacity of the KV cache in tokens; 0: unknown
    prefix_queries: int = 0  # total of prompt tokens that were looked up in the prefix cache
    prefix_hits: int = 0  # total of prompt tokens that the prefix cache contained
    generated: int = 0  # total of generated tokens
    rejections: int = 0  # total of requests that the server turned away
    steps: int | None = None  # total of steps of the engine, which publishes the rest once in each; None: it does not say

    def moved_since(self, before: ServerLoad) -> bool:
        """Return whether the server has done a step since then. In a long one its numbers stay what they were.

        A server that counts neither steps nor tokens is taken to have moved.
        """
        if self.steps is not None and before.steps is not None:
            return self.steps != before.steps
        return not self.generated or self.generated != before.generated

    @property
    def prefix_share(self) -> float | None:
        """The share of the prompt tokens, 0..1, that the prefix cache contained; None where none was looked up."""
        return self.prefix_hits / self.prefix_queries if self.prefix_queries else None

    @classmethod
    def total(cls, loads: Iterable[ServerLoad]) -> ServerLoad | None:
        """Return the load of several replicas together, None for none. KV usage is averaged, all else is added."""
        replicas = list(loads)
        if not replicas:
            return None
        return cls(
            sum(load.running for load in replicas),
            sum(load.waiting for load in replicas),
            sum(load.kv_usage for load in replicas) / len(replicas),
            sum(load.preemptions for load in replicas),
            sum(load.kv_tokens for load in replicas),
            sum(load.prefix_queries for load in replicas),
            sum(load.prefix_hits for load in replicas),
            sum(load.generated for load in replicas),
            sum(load.rejections for load in replicas),
            sum(load.steps or 0 for load in replicas) if any(load.steps is not None for load in replicas) else None,
        )
