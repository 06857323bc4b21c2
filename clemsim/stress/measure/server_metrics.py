"""What the server says of itself while it is loaded: its `/metrics`, looked at again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import isinf
from typing import Any
from urllib.parse import urlsplit

from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import Buckets, read_histograms, read_load
from clemsim.engines.transport import Transport, make_transport

TIMEOUT = 2.0  # seconds
# The server's own histograms, and which of the client's each is to be laid beside.
HISTOGRAMS = {
    "vllm:time_to_first_token_seconds": "ttft",
    "vllm:inter_token_latency_seconds": "itl",
    "vllm:request_time_per_output_token_seconds": "tpot",
    "vllm:e2e_request_latency_seconds": "turn",
    "vllm:request_queue_time_seconds": "queue",
}


@dataclass(frozen=True, slots=True)
class ServerReading:
    """All replicas at one moment."""

    load: ServerLoad
    histograms: Mapping[str, Buckets]


class Scraper:
    """Looks at every server of a test. Only those whose metrics are vLLM's are understood."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._ways: list[tuple[Transport, str]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Scraper:
        for url in self._urls:
            way = make_transport(url, NetworkPolicy())
            self._stack.push_async_callback(way.close)
            self._ways.append((way, f"{urlsplit(url).path.removesuffix('/v1')}/metrics"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def look(self, *, whole: bool) -> ServerReading | None:
        """What all say now, with their histograms if `whole`; None unless each says something."""
        pages = await asyncio.gather(*(_page(*each) for each in self._ways))
        loads = [load for page in pages if page and (load := read_load(page))]
        if len(loads) < len(pages) or not (load := ServerLoad.total(loads)):
            return None
        histograms: dict[str, Buckets] = {}
        for page in pages if whole else ():
            for name, buckets in read_histograms(page or "", HISTOGRAMS).items():
                histograms[name] = histograms[name].plus(buckets) if name in histograms else buckets
        return ServerReading(load, histograms)


async def _page(way: Transport, path: str) -> str | None:
    try:
        async with asyncio.timeout(TIMEOUT):
            answer = await way.get(path)
    except (TimeoutError, OSError):
        return None
    return answer.body.decode(errors="replace") if answer.status == 200 else None


def between(first: ServerReading, last: ServerReading, seconds: float) -> dict[str, Any]:
    """What the server counted between two looks, so many seconds apart."""
    before, after = first.load, last.load
    looked_up = after.prefix_queries - before.prefix_queries
    found: dict[str, Any] = {
        "preemptions": after.preemptions - before.preemptions,
        "prefix_hit_share": (after.prefix_hits - before.prefix_hits) / looked_up if looked_up > 0 else None,
        "tokens_per_second": (after.generated - before.generated) / seconds if seconds > 0 else None,
    }
    latencies = {}
    for name, key in HISTOGRAMS.items():
        if name in first.histograms and name in last.histograms:
            buckets = last.histograms[name].minus(first.histograms[name])
            if buckets.count > 0:
                latencies[key] = described(buckets)
    return {**found, "latency": latencies}


def described(buckets: Buckets) -> dict[str, Any]:
    """Mean, and the percentiles as the bounds of the bucket that each lies in: a histogram knows no more."""
    found: dict[str, Any] = {"n": round(buckets.count), "mean": buckets.sum / buckets.count}
    for percent in (50, 90, 95, 99):
        found[f"p{percent}"] = [None if isinf(bound) else bound for bound in buckets.bucket_of(percent / 100)]
    return found
