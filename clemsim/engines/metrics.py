"""How busy a vLLM server is, out of the text of its `/metrics` (Prometheus' exposition format)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from clemsim.engines.load import ServerLoad

_SAMPLE = re.compile(r"^(vllm:\w+)(?:\{([^\n]*)\})? ([-+\d.eEinfNa]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def read_load(text: str) -> ServerLoad | None:
    """The load of all engines behind one server together; None where the text holds none of vLLM's metrics."""
    sums: dict[str, float] = {}
    most: dict[str, float] = {}
    capacity = 0
    for name, labels, value in _SAMPLE.findall(text):
        if name == "vllm:cache_config_info":
            capacity += _capacity(dict(_LABEL.findall(labels)))
        elif not name.endswith("_bucket"):
            number = float(value)
            sums[name] = sums.get(name, 0.0) + number
            most[name] = max(most.get(name, 0.0), number)
    if "vllm:num_requests_running" not in sums:
        return None
    return ServerLoad(
        running=int(sums["vllm:num_requests_running"]),
        waiting=int(sums.get("vllm:num_requests_waiting", 0)),
        kv_usage=most.get("vllm:kv_cache_usage_perc", 0.0),
        preemptions=int(sums.get("vllm:num_preemptions_total", 0)),
        kv_tokens=capacity,
        prefix_queries=int(sums.get("vllm:prefix_cache_queries_total", 0)),
        prefix_hits=int(sums.get("vllm:prefix_cache_hits_total", 0)),
        generated=int(sums.get("vllm:generation_tokens_total", 0)),
        rejections=int(sums.get("vllm:admission_rejections_total", 0)),
    )


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram so far: how many values were not greater than each bound, how many there were, and their sum."""

    bounds: Mapping[float, float]
    count: float
    sum: float

    def plus(self, other: Buckets) -> Buckets:
        """Both together."""
        bounds = {bound: count + other.bounds.get(bound, 0.0) for bound, count in self.bounds.items()}
        return Buckets(bounds, self.count + other.count, self.sum + other.sum)

    def minus(self, earlier: Buckets) -> Buckets:
        """What has come since."""
        bounds = {bound: count - earlier.bounds.get(bound, 0.0) for bound, count in self.bounds.items()}
        return Buckets(bounds, self.count - earlier.count, self.sum - earlier.sum)

    def bucket_of(self, share: float) -> tuple[float, float]:
        """The bounds between which the value lies that this share of all are not greater than."""
        low = 0.0
        for bound in sorted(self.bounds):
            if self.bounds[bound] >= share * self.count:
                return low, bound
            low = bound
        return low, float("inf")


def read_histograms(text: str, names: Collection[str]) -> dict[str, Buckets]:
    """Those of these histograms that the text holds, of all engines behind one server together."""
    bounds: dict[str, dict[float, float]] = {}
    ends: dict[tuple[str, str], float] = {}
    for sample, labels, value in _SAMPLE.findall(text):
        name, _, kind = sample.rpartition("_")
        if name not in names:
            continue
        if kind == "bucket":
            bound = float(dict(_LABEL.findall(labels)).get("le", "inf"))
            counts = bounds.setdefault(name, {})
            counts[bound] = counts.get(bound, 0.0) + float(value)
        else:
            ends[name, kind] = ends.get((name, kind), 0.0) + float(value)
    return {
        name: Buckets(counts, ends.get((name, "count"), 0.0), ends.get((name, "sum"), 0.0))
        for name, counts in bounds.items()
    }


def _capacity(labels: dict[str, str]) -> int:
    """Tokens that the KV cache holds: blocks x tokens of a block; 0 where they are unknown ("None")."""
    block, blocks = labels.get("block_size", ""), labels.get("num_gpu_blocks", "")
    return int(block) * int(blocks) if block.isdecimal() and blocks.isdecimal() else 0
