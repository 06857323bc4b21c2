"""Whose figures are nearest to the truth: clemsim, guidellm and aiperf on the same simulated server of known pace.

`clemsim serve-fake` (8 seats, 50 ms to the first token, 10 ms a token) runs in a process of its own, anew for each tool. All
make replies of 32 tokens in a closed loop, chat completions streamed, with the same warm-up and the same time measured;
prompts have about 60 tokens (prefill is nearly free). The tools take turns, `--rounds` times, for a busy machine moves all
figures. Beside each figure stands how far it is off. `median` figures are in milliseconds, rates in tokens a second.
usage: python benchmarks/stress_others.py --aiperf PATH --guidellm PATH --tokenizer FOLDER [--rounds N]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from socket import create_server
from statistics import median
from time import sleep
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from report import show

SEATS, FIRST, INTERVAL, TOKENS, PROMPT = 8, 0.05, 0.01, 32, 60
WARMUP, WINDOW = 3, 9  # seconds
LOADS = (1, 4, 8, 16)
Figures = dict[str, float]


def truth(load: int) -> Figures:
    """What is to be measured: with N conversations and C seats whoever waits, waits N / throughput less the time of one."""
    alone = FIRST + (TOKENS - 1) * INTERVAL
    rate = min(load, SEATS) / alone
    return {"ttft": 1000 * (load / rate - alone + FIRST), "itl": 1000 * INTERVAL, "tokens_per_second": rate * TOKENS}


def clemsim(url: str, load: int, work: Path, tools: argparse.Namespace) -> Figures:
    """The figures of clemsim."""
    command = [
        *(sys.executable, "-c", "from clemsim.cli.main import main; main()", "stress", "--agent", f"fake@{url}/v1"),
        *("--concurrency", str(load), "--warmup", f"{WARMUP}s", "--duration", f"{WINDOW}s", "--no-model-text"),
        *("--max-tokens", str(TOKENS), "--option", "talk.turns=1", "--json", "--out", str(work / "clemsim")),
    ]
    stage = json.loads(_run(command))["stages"][0]
    latency = stage["latency"]
    rates = {"tokens_per_second": stage["output_tokens_per_second"]}
    return {"ttft": 1000 * latency["ttft"]["p50"], "itl": 1000 * latency["itl"]["p50"], **rates}


def guidellm(url: str, load: int, work: Path, tools: argparse.Namespace) -> Figures:
    """The figures of guidellm, whose warm-up is a part of its time."""
    path = work / "guidellm.json"
    _run(
        [
            *(tools.guidellm, "run", "--backend", f"kind=openai_http,target={url},model=fake"),
            *("--profile", f"kind=concurrent,streams={load},warmup={WARMUP}"),
            *("--constraint", f"kind=max_duration,seconds={WARMUP + WINDOW}"),
            *("--tokenizer", f"kind=hf_auto,model={tools.tokenizer}"),
            *("--data", f"kind=synthetic_text,prompt_tokens={PROMPT},output_tokens={TOKENS}"),
            *("--output", f"kind=json,path={path}", "--disable-console"),
        ]
    )
    metrics = json.loads(path.read_bytes())["benchmarks"][0]["metrics"]
    names = {"ttft": "time_to_first_token_ms", "itl": "inter_token_latency_ms"}
    figures = {name: metrics[theirs]["successful"]["median"] for name, theirs in names.items()}
    return {**figures, "tokens_per_second": metrics["output_tokens_per_second"]["successful"]["mean"]}


def aiperf(url: str, load: int, work: Path, tools: argparse.Namespace) -> Figures:
    """The figures of aiperf."""
    _run(
        [
            *(tools.aiperf, "profile", "--model", "fake", "--url", url, "--endpoint-type", "chat", "--streaming"),
            *("--concurrency", str(load), "--warmup-duration", str(WARMUP), "--benchmark-duration", str(WINDOW)),
            *("--synthetic-input-tokens-mean", str(PROMPT), "--output-tokens-mean", str(TOKENS)),
            *(
                "--extra-inputs",
                "ignore_eos:true",
                "--use-server-token-count",
                "--tokenizer",
                tools.tokenizer,
                "--ui",
                "none",
            ),
            *("--output-artifact-dir", str(work / "aiperf")),
        ]
    )
    data = json.loads((work / "aiperf" / "profile_export_aiperf.json").read_bytes())
    latencies = {"ttft": data["time_to_first_token"]["p50"], "itl": data["inter_token_latency"]["p50"]}
    return {**latencies, "tokens_per_second": data["output_token_throughput"]["avg"]}


TOOLS: dict[str, Callable[[str, int, Path, argparse.Namespace], Figures]] = {
    "clemsim": clemsim,
    "guidellm": guidellm,
    "aiperf": aiperf,
}


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    if done.returncode:
        raise SystemExit(f"{command[:2]} failed: {done.stdout[-1500:]} {done.stderr[-1500:]}")
    return done.stdout


def measure(name: str, load: int, tools: argparse.Namespace) -> Figures:
    """The figures of a tool on a fresh server."""
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    pace = ["--seats", str(SEATS), "--ttft", f"{FIRST}s", "--itl", f"{INTERVAL}s", "--port", str(port)]
    serve = [sys.executable, "-c", "from clemsim.cli.main import main; main()", "serve-fake", *pace]
    with tempfile.TemporaryDirectory() as work, subprocess.Popen(serve, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            return TOOLS[name](f"http://127.0.0.1:{port}", load, Path(work), tools)
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urlopen(url, timeout=1).close()
        except (URLError, OSError):
            sleep(0.1)
        else:
            return
    raise SystemExit("the simulated server does not answer")


def main(tools: argparse.Namespace) -> None:
    """Let the tools take turns, and lay the median of their rounds beside the truth."""
    found: dict[str, Any] = {"rounds": tools.rounds, "warmup": WARMUP, "window": WINDOW}
    off: dict[str, list[float]] = {name: [] for name in TOOLS}
    for load in tools.loads:
        runs: dict[str, list[Figures]] = {name: [] for name in TOOLS}
        for _ in range(tools.rounds):
            for name in TOOLS:
                runs[name].append(measure(name, load, tools))
                print(load, name, runs[name][-1], file=sys.stderr, flush=True)
        true = truth(load)
        found[str(load)] = {"truth": {name: round(value, 2) for name, value in true.items()}}
        for name, rounds in runs.items():
            figures = {figure: median(run[figure] for run in rounds) for figure in true}
            errors = {figure: figures[figure] / true[figure] - 1 for figure in true}
            off[name] += map(abs, errors.values())
            found[str(load)][name] = {figure: round(value, 2) for figure, value in figures.items()}
            found[str(load)][f"{name} off"] = {figure: round(error, 4) for figure, error in errors.items()}
    found["mean deviation"] = {name: round(sum(values) / len(values), 4) for name, values in off.items()}
    found["greatest deviation"] = {name: round(max(values), 4) for name, values in off.items()}
    show(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aiperf", default="aiperf")
    parser.add_argument("--guidellm", default="guidellm")
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--loads", type=int, nargs="+", default=LOADS)
    main(parser.parse_args())
