"""Does a stress test measure what is true? Against a simulated server of known latency and capacity.

`clemsim serve-fake` (64 seats, 80 ms to the first token, 20 ms a token) runs in a process of its own. Measured are 1, 64 and
1,000 conversations at once, and a sweep that has to find the knee by itself. Beside each figure stands what it should be:
with C seats and N conversations, throughput is min(N, C) turns in the time of one, and whoever waits for a seat waits
N / throughput minus the time of one. Prints JSON and a table; `worst` is the greatest deviation
of all stages, of means and of medians.
usage: python benchmarks/stress_truth.py [--short]
"""

import argparse
import subprocess
import sys
from typing import Any

from report import show

from clemsim.cli.common import run_async
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.measure.knee import Step, find_knee
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage, parse_sweep

SEATS, FIRST, INTERVAL = 64, 0.08, 0.02


def truth(conversations: int, tokens: int) -> dict[str, float]:
    """What a stage should measure. Seconds, and output tokens a second."""
    alone = FIRST + (tokens - 1) * INTERVAL
    turns = min(conversations, SEATS) / alone
    turn = conversations / turns
    return {"ttft": turn - (tokens - 1) * INTERVAL, "itl": INTERVAL, "turn": turn, "tokens_per_second": turns * tokens}


def compared(stage: StageMetrics, tokens: int) -> dict[str, Any]:
    """Each figure of a stage: its mean and median, what is true, and the ratios less 1. A busy machine moves means first."""
    rows = {}
    throughput = stage.output_tokens_per_second
    latencies = {"ttft": stage.latency.ttft, "itl": stage.latency.itl, "turn": stage.latency.turn}
    measured = {name: (latency.mean or 0.0, latency.p50 or 0.0) for name, latency in latencies.items()}
    for name, true in truth(round(stage.load), tokens).items():
        mean, median = measured.get(name, (throughput, throughput))
        rows[name] = {"mean": round(mean, 5), "median": round(median, 5), "true": round(true, 5)}
        rows[name] |= {"off": round(mean / true - 1, 4), "median_off": round(median / true - 1, 4)}
    return {"turns": stage.turns, "spoiled": stage.spoiled, **rows}


def measure(url: str, tokens: int, **shape: Any) -> list[StageMetrics]:
    """The figures of each stage."""
    plan = Plan([f"fake@{url}"], [url], mix={"talk": 1.0}, forced_length=True, max_tokens=tokens, **shape)
    findings = run_async(stress(plan, Budget(1_000_000, 400.0), StressWatch()))
    return findings.stages


def main(short: bool) -> None:
    """Serve, measure, compare."""
    tokens, window, sweep, most = (20, 1.5, "1:256:4", 256) if short else (50, 6.0, "1:1024", 1000)
    serve = "from clemsim.cli.main import main; main()"
    command = [sys.executable, "-c", serve, "serve-fake", "--port", "0", "--prefill", "1e9"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        url = server.stderr.readline().split()[1].removeprefix("fake@")
        swept = measure(url, tokens, sweep=parse_sweep(sweep), warmup=0.7, window=window)
        stages = [stage for stage in swept if stage.load in (1, SEATS, most)]
        if not any(stage.load == most for stage in stages):  # the sweep ended before, for nothing grew any more
            # The greatest load is watched for as long as a conversation waits, so that the beginning is forgotten.
            warmup = 1.3 * truth(most, tokens)["turn"]
            stages += measure(url, tokens, stages=[Stage(most, most, window, warmup=warmup)])
    finally:
        server.terminate()
        server.wait()
    knee = find_knee([Step(stage.load, stage.rates) for stage in swept])
    rows = {stage.label: compared(stage, tokens) for stage in stages}
    result = {
        "benchmark": "stress_truth",
        "tokens": tokens,
        "stages": rows,
        "worst": max(abs(row[name]["off"]) for row in rows.values() for name in truth(1, tokens)),
        "worst_median": max(abs(row[name]["median_off"]) for row in rows.values() for name in truth(1, tokens)),
        "swept": [stage.label for stage in swept],
        "knee": round(knee.concurrency, 2) if knee else None,
        "knee_interval": [round(each, 2) for each in knee.interval] if knee else None,
        "knee_deviation": round(knee.concurrency / SEATS - 1, 4) if knee else None,
    }
    show(result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="shorter replies, fewer conversations: under 20 s")
    main(parser.parse_args().short)
