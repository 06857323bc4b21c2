"""What the server reports of itself while it is loaded: its `/metrics`, read again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import isinf
from typing import Literal

from clemsim.engines.address import path_of, root, subpage
from clemsim.engines.answers import reading_answer
from clemsim.engines.connect import NetworkOptions, policy_for
from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import Buckets, read_histograms, read_load
from clemsim.engines.transport import Transport, make_transport
from clemsim.errors import EngineError
from clemsim.stress.measure.segments import Segment
from clemsim.stress.stress_result import StressResult

TIMEOUT = 2.0  # seconds

ServerLatencyName = Literal["ttft", "itl", "tpot", "turn", "queue"]
BucketBounds = tuple[float | None, float | None]  # seconds; the upper bound of the last bucket is None

# The server's own histograms, and the latency of the client that each is laid beside.
HISTOGRAMS: Mapping[str, ServerLatencyName] = {
    "vllm:time_to_first_token_seconds": "ttft",
    "vllm:inter_token_latency_seconds": "itl",
    "vllm:request_time_per_output_token_seconds": "tpot",
    "vllm:e2e_request_latency_seconds": "turn",
    "vllm:request_queue_time_seconds": "queue",
}


class ServerLatency(StressResult):
    """A histogram of the server: `n` values, their mean in seconds, and the bucket that each percentile lies in."""

    n: int
    mean: float
    p50: BucketBounds
    p90: BucketBounds
    p95: BucketBounds
    p99: BucketBounds

    @classmethod
    def of(cls, buckets: Buckets) -> ServerLatency:
        """Return the latency of a histogram, which holds at least one value."""
        return cls(
            n=round(buckets.count),
            mean=buckets.sum / buckets.count,
            p50=_bounds(buckets, 0.5),
            p90=_bounds(buckets, 0.9),
            p95=_bounds(buckets, 0.95),
            p99=_bounds(buckets, 0.99),
        )


def _bounds(buckets: Buckets, share: float) -> BucketBounds:
    low, high = buckets.bucket_of(share)
    return low, None if isinf(high) else high


class ServerMetrics(StressResult):
    """What the server reported of itself in a stage: means of its gauges, and what it counted between the stage's edges.

    `running` and `waiting` are requests, `kv_usage` is the share of the KV cache in use. What was counted is known only if
    the server was read at both edges: `preemptions`, the share of prompt tokens that were found in the prefix cache (None
    if none were looked up), tokens made a second, and latencies by name, as far as the server has them.
    """

    running: float
    waiting: float
    kv_usage: float
    kv_usage_most: float
    preemptions: int | None = None
    prefix_hit_share: float | None = None
    tokens_per_second: float | None = None
    latency: Mapping[ServerLatencyName, ServerLatency] = {}


@dataclass(frozen=True, slots=True)
class ServerReading:
    """What all replicas report at one moment, together."""

    load: ServerLoad
    histograms: Mapping[str, Buckets]


class Scraper:
    """A reader of the metrics of every server of a test. Only those of vLLM are understood."""

    def __init__(self, urls: Sequence[str], network: NetworkOptions, *, whole: bool = False) -> None:
        """Read the metrics of servers at these addresses; with `whole`, these are the addresses of the pages themselves."""
        self._urls = urls
        self._whole = whole
        self._network = network
        self._servers: list[tuple[Transport, str]] = []  # with the path of its metrics
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Scraper:
        for url in self._urls:
            server = make_transport(url, policy_for(url, self._network))
            self._stack.push_async_callback(server.close)
            self._servers.append((server, path_of(url if self._whole else subpage(root(url), "metrics"))))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def read(self, *, histograms: bool) -> ServerReading | None:
        """Return what all servers report now, with or without their histograms; None unless every server reports."""
        pages = await asyncio.gather(*(_page(server, path) for server, path in self._servers))
        loads = [load for page in pages if page and (load := read_load(page))]
        if len(loads) < len(pages) or not (load := ServerLoad.total(loads)):
            return None
        totals: dict[str, Buckets] = {}
        for page in pages if histograms else ():
            for name, buckets in read_histograms(page or "", HISTOGRAMS).items():
                totals[name] = totals[name].plus(buckets) if name in totals else buckets
        return ServerReading(load, totals)


async def _page(server: Transport, path: str) -> str | None:
    try:
        async with asyncio.timeout(TIMEOUT):
            with reading_answer:
                answer = await server.get(path)
    except (TimeoutError, EngineError):
        return None
    return answer.body.decode(errors="replace") if answer.status == 200 else None


def server_metrics(whole: Segment, readings: tuple[ServerReading, ServerReading] | None) -> ServerMetrics | None:
    """Return the server's metrics in a stage, given the `readings` at its edges; None if the server reported none."""
    means = whole.gauges.means()
    if means is None:
        return None
    gauges = ServerMetrics(
        running=means.running,
        waiting=means.waiting,
        kv_usage=means.kv_usage,
        kv_usage_most=whole.gauges.kv_usage_most,
    )
    return _with_counts(gauges, *readings, whole.seconds) if readings else gauges


def _with_counts(gauges: ServerMetrics, first: ServerReading, last: ServerReading, seconds: float) -> ServerMetrics:
    """Return the gauges together with what the server counted between two readings."""
    generated = last.load.generated - first.load.generated
    return ServerMetrics(
        running=gauges.running,
        waiting=gauges.waiting,
        kv_usage=gauges.kv_usage,
        kv_usage_most=gauges.kv_usage_most,
        preemptions=last.load.preemptions - first.load.preemptions,
        prefix_hit_share=prefix_hit_share(first.load, last.load),
        tokens_per_second=generated / seconds if seconds > 0 else None,
        latency=_latencies(first.histograms, last.histograms),
    )


def prefix_hit_share(first: ServerLoad, last: ServerLoad) -> float | None:
    """Return the share of prompt tokens looked up between two readings that were found; None if none were looked up."""
    looked_up = last.prefix_queries - first.prefix_queries
    return (last.prefix_hits - first.prefix_hits) / looked_up if looked_up > 0 else None


def _latencies(first: Mapping[str, Buckets], last: Mapping[str, Buckets]) -> dict[ServerLatencyName, ServerLatency]:
    both = {key: last[name].minus(first[name]) for name, key in HISTOGRAMS.items() if name in first and name in last}
    return {name: ServerLatency.of(buckets) for name, buckets in both.items() if buckets.count > 0}
