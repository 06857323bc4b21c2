"""Reads how busy a vLLM server is from the text of its `/metrics` (Prometheus' exposition format)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from clemsim.engines.load import ServerLoad

# Possessive, as a server may send anything: else a long line of letters would be tried from each of them to its end.
_SAMPLE = re.compile(r"^(vllm:\w++)(?:\{([^\n]*)\})? ([-+\d.eEinfNa]{1,40})$", re.MULTILINE)
_LABEL = re.compile(r'(?<!\w)(\w++)="([^"]*)"')
RUNNING = "vllm:num_requests_running"
STEPS = "vllm:iteration_tokens_total_count"
# Totals of tokens that were looked up and found, by preference: versions of vLLM counted the second pair twice.
PREFIX = (
    ("vllm:prompt_tokens_total", "vllm:prompt_tokens_cached_total"),
    ("vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total"),
)
MOST = 2.0**53  # what any number is taken for that is larger
MOST_RANKS = 1024  # engines behind one server
MOST_TEXT = 2**22  # characters of a page; no server has so many metrics


def read_load(text: str) -> ServerLoad | None:
    """Return the load of all engines behind one server together; None where the text holds none of vLLM's metrics.

    Any text can be read; what is no number counts as 0.
    """
    if len(text) > MOST_TEXT:
        return None
    sums: dict[str, float] = {}
    highest: dict[str, float] = {}
    capacity = 0
    for name, labels, value in _SAMPLE.findall(text):
        if name == "vllm:cache_config_info":
            capacity += _capacity(dict(_LABEL.findall(labels)))
        elif not name.endswith("_bucket"):
            number = _number(value)
            sums[name] = sums.get(name, 0.0) + number
            highest[name] = max(highest.get(name, 0.0), number)
    if RUNNING not in sums:
        return None
    queries, hits = next((names for names in PREFIX if names[1] in sums), PREFIX[-1])
    return ServerLoad(
        running=_whole(sums[RUNNING]),
        waiting=_whole(sums.get("vllm:num_requests_waiting", 0)),
        kv_usage=min(1.0, highest.get("vllm:kv_cache_usage_perc", 0.0)),
        preemptions=_whole(sums.get("vllm:num_preemptions_total", 0)),
        kv_tokens=_whole(capacity),
        prefix_queries=_whole(sums.get(queries, 0)),
        prefix_hits=_whole(sums.get(hits, 0)),
        generated=_whole(sums.get("vllm:generation_tokens_total", 0)),
        rejections=_whole(sums.get("vllm:admission_rejections_total", 0)),
        steps=_whole(sums[STEPS]) if STEPS in sums else None,
    )


def read_ranks(text: str) -> int:
    """Return the number of engines behind one server that a request can choose between (data parallelism); 1 where the text
    does not show all of them, from 0 on.
    """
    if len(text) > MOST_TEXT:
        return 1
    found = {dict(_LABEL.findall(labels)).get("engine") for name, labels, _ in _SAMPLE.findall(text) if name == RUNNING}
    return len(found) if found == {str(rank) for rank in range(min(len(found), MOST_RANKS))} else 1


@dataclass(frozen=True, slots=True)
class Buckets:
    """A cumulative histogram since the server started."""

    bounds: Mapping[float, float]  # the number of values that are not greater than each bound
    count: float  # the number of all values
    sum: float  # of all values

    def plus(self, other: Buckets) -> Buckets:
        """Return the histogram of both servers together."""
        bounds = {bound: count + other.bounds.get(bound, 0.0) for bound, count in self.bounds.items()}
        return Buckets(bounds, self.count + other.count, self.sum + other.sum)

    def minus(self, earlier: Buckets) -> Buckets:
        """Return the histogram of the values since an earlier reading."""
        bounds = {bound: count - earlier.bounds.get(bound, 0.0) for bound, count in self.bounds.items()}
        return Buckets(bounds, self.count - earlier.count, self.sum - earlier.sum)

    def bucket_of(self, share: float) -> tuple[float, float]:
        """Return the bounds between which the quantile of `share` (0..1) lies."""
        low = 0.0
        for bound in sorted(self.bounds):
            if self.bounds[bound] >= share * self.count:
                return low, bound
            low = bound
        return low, float("inf")


def read_histograms(text: str, names: Collection[str]) -> dict[str, Buckets]:
    """Return the named histograms that the text contains, of all engines behind one server together."""
    bounds: dict[str, dict[float, float]] = {}
    ends: dict[tuple[str, str], float] = {}
    for sample, labels, value in _SAMPLE.findall(text):
        name, _, kind = sample.rpartition("_")
        if name not in names:
            continue
        if kind == "bucket":
            bound = _bound(dict(_LABEL.findall(labels)).get("le", "inf"))
            counts = bounds.setdefault(name, {})
            counts[bound] = counts.get(bound, 0.0) + _number(value)
        else:
            ends[name, kind] = ends.get((name, kind), 0.0) + _number(value)
    return {
        name: Buckets(counts, ends.get((name, "count"), 0.0), ends.get((name, "sum"), 0.0))
        for name, counts in bounds.items()
    }


def _capacity(labels: dict[str, str]) -> int:
    """Return the capacity of the KV cache in tokens: blocks x tokens of a block; 0 where they are unknown ("None")."""
    block, blocks = labels.get("block_size", ""), labels.get("num_gpu_blocks", "")
    return int(min(MOST, _number(block) * _number(blocks)))


def _number(text: str) -> float:
    """Return a number from 0 to MOST; 0 for what is none."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return min(number, MOST) if number > 0 else 0.0  # NaN is not above 0


def _whole(number: float) -> int:
    return int(min(number, MOST))


def _bound(text: str) -> float:
    """Return the upper bound of a bucket; infinity for what is none."""
    return _number(text) if text[:1].isdecimal() else float("inf")
