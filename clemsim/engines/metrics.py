"""How busy a vLLM server is, out of the text of its `/metrics` (Prometheus' exposition format)."""

from __future__ import annotations

import re

from clemsim.loads import Load

_SAMPLE = re.compile(r"^(vllm:\w+)(?:\{([^\n]*)\})? ([-+\d.eEinfNa]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def read_load(text: str) -> Load | None:
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
    return Load(
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


def _capacity(labels: dict[str, str]) -> int:
    """Tokens that the KV cache holds: blocks x tokens of a block; 0 where they are unknown ("None")."""
    block, blocks = labels.get("block_size", ""), labels.get("num_gpu_blocks", "")
    return int(block) * int(blocks) if block.isdecimal() and blocks.isdecimal() else 0
