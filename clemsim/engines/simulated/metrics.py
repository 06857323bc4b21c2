"""The `/metrics` of a machine, with vLLM's names (Prometheus' exposition format)."""

from __future__ import annotations

from clemsim.engines.simulated.machine import Machine


def exposition(machine: Machine) -> str:
    """Return the page of a machine."""
    spec, counters = machine.spec, machine.counters
    label = f'engine="0",model_name="{spec.model}"'
    gauges = {
        "num_requests_running": machine.running,
        "num_requests_waiting": machine.waiting,
        "kv_cache_usage_perc": machine.usage,
    }
    totals = {
        "prefix_cache_queries": counters.queries,
        "prefix_cache_hits": counters.hits,
        "num_preemptions": counters.preemptions,
        "prompt_tokens": counters.prompt,
        "generation_tokens": counters.generated,
        "admission_rejections": counters.rejections,
        "request_success": counters.finished,
    }
    lines = [line for name, value in gauges.items() for line in _lines(f"vllm:{name}", "gauge", label, value)]
    lines += [line for name, value in totals.items() for line in _lines(f"vllm:{name}_total", "counter", label, value)]
    requests = counters.requests
    histograms = {
        "time_to_first_token_seconds": requests.first_token,
        "inter_token_latency_seconds": counters.intervals,
        "request_time_per_output_token_seconds": requests.per_token,
        "e2e_request_latency_seconds": requests.whole,
        "request_queue_time_seconds": requests.queue,
        "request_inference_time_seconds": requests.inference,
        "request_prefill_time_seconds": requests.prefill,
        "request_decode_time_seconds": requests.decode,
        "request_prompt_tokens": requests.prompt,
        "request_generation_tokens": requests.reply,
    }
    lines += [line for name, histogram in histograms.items() for line in histogram.lines(f"vllm:{name}", label)]
    info = f'block_size="{spec.block_size}",enable_prefix_caching="True",num_gpu_blocks="{spec.blocks}"'
    return "\n".join([*lines, *_lines("vllm:cache_config_info", "gauge", info, 1)]) + "\n"


def _lines(name: str, kind: str, label: str, value: float) -> tuple[str, str]:
    return f"# TYPE {name} {kind}", f"{name}{{{label}}} {float(value)}"
