"""The `/metrics` of a machine, with vLLM's names (Prometheus' exposition format)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from clemsim.engines.simulated.machine import Machine

STEPS = "vllm:iteration_tokens_total"
LONG_STEP = 0.5  # seconds of prompts to compute from which on a page stands still


@dataclass(slots=True)
class MetricsPage:
    """The page as a server shows it. vLLM writes it anew after each step of its engine: while a long one computes prompts,
    the page stays what it was, and tells of requests that wait which have long been let in.
    """

    machine: Machine
    _text: str = ""
    _until: float = 0.0  # when the step ends

    def read(self) -> str:
        """Return the page now."""
        now = asyncio.get_running_loop().time()
        if now >= self._until or not self._text:
            machine, left = self.machine, self.machine.prefilled - now
            running = machine.computed(now) if left >= LONG_STEP else machine.running
            self._text = exposition(machine, running)
            self._until = machine.prefilled if left >= LONG_STEP else now
        return self._text


def exposition(machine: Machine, running: int | None = None) -> str:
    """Return the page of a machine, on which so many requests run and the others wait; None: as it is."""
    spec, counters = machine.spec, machine.counters
    label = f'engine="0",model_name="{spec.model}"'
    running = machine.running if running is None else running
    gauges = {
        "num_requests_running": running,
        "num_requests_waiting": machine.waiting + machine.running - running,
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
    lines += [f"# TYPE {STEPS} histogram", f"{STEPS}_count{{{label}}} {float(counters.steps)}"]
    lines += [f"{STEPS}_sum{{{label}}} {float(counters.prompt + counters.generated)}"]
    lines += [line for name, histogram in histograms.items() for line in histogram.lines(f"vllm:{name}", label)]
    info = f'block_size="{spec.block_size}",enable_prefix_caching="True",num_gpu_blocks="{spec.blocks}"'
    return "\n".join([*lines, *_lines("vllm:cache_config_info", "gauge", info, 1)]) + "\n"


def _lines(name: str, kind: str, label: str, value: float) -> tuple[str, str]:
    return f"# TYPE {name} {kind}", f"{name}{{{label}}} {float(value)}"
