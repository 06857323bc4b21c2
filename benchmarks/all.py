"""Runs benchmarks: all of them in their short form, or those that are named; `--keep` writes them into RESULTS.md.

usage: python benchmarks/all.py [NAME ...] [--long] [--keep] [--server MODEL@URL] [--model 'MODEL?flags'] [--clem CLEM]
Those that need a real vLLM server (--server), vLLM itself (--model, with CLEMSIM_VLLM) or clemcore's command (--clem) are
left out without it.
"""

import argparse
import ast
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from report import markdown

HERE = Path(__file__).parent
RESULTS, KEPT = HERE / "RESULTS.md", HERE / "results"
PREFACE = "Written by `benchmarks/all.py --keep`. Ratios are of one run on one machine; all else is as fast as that machine."


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One script and its options; `needs` names what it must be given first."""

    name: str
    short: Sequence[str] = ()
    long: Sequence[str] = ()
    needs: str = ""


ALL = [
    Benchmark("throughput", ["--episodes", "500"]),
    Benchmark("transports", ["--requests", "500", "--rounds", "1"], ["--requests", "1500", "--rounds", "2"]),
    Benchmark("scale", ["--sizes", "100", "2000", "--turns", "12000"]),
    Benchmark("overhead", ["--episodes", "1000"]),
    Benchmark("storage"),
    Benchmark("viewer", ["--episodes", "5000", "--repeat", "3"], ["--episodes", "100000"]),
    Benchmark("viewer_pages", ["--episodes", "5000", "--repeat", "3"], ["--episodes", "100000"]),
    Benchmark("compare_runs", ["--episodes", "5000", "--repeat", "1"], ["--episodes", "100000"]),
    Benchmark("in_flight"),
    Benchmark("makespan", ["--episodes", "60", "1000"], ["--samples", "6"]),
    Benchmark("policies"),
    Benchmark("workers", ["--repetitions", "1"]),
    Benchmark("faults"),
    Benchmark("hostile_server", ["--answers", "300", "--seconds", "4"]),
    Benchmark("crash", ["--kills", "5"]),
    Benchmark("neighbours", ["--trials", "2"]),
    Benchmark("cli_fuzz", ["--calls", "60"]),
    Benchmark("coverage", ["--simulations", "100", "--cells", "7 games x 4", "quick"], ["--simulations", "1000"]),
    Benchmark("sequential", ["--runs", "40"], ["--runs", "400"]),
    Benchmark("ranks", ["--simulations", "2"], ["--simulations", "40"]),
    Benchmark("canary", ["--pairs", "4"], ["--pairs", "20"]),
    Benchmark("canary_model", ["--equal", "1", "--seconds", "60"], ["--equal", "5"]),
    Benchmark("soak", ["--turns", "20000"]),
    Benchmark("stress_truth", ["--short"]),
    Benchmark("stress_capacity", ["--seconds", "3"]),
    Benchmark("stress_answers", ["--repetitions", "2"]),
    Benchmark("peer_clemcore", needs="clem"),
    Benchmark("real_server", ["--instances", "2", "--widths", "8", "16", "--rounds", "1"], needs="server"),
    Benchmark("batches", ["--rounds", "1"], needs="server"),
    Benchmark("simulated_check", needs="server"),
    Benchmark("inprocess", ["--rounds", "1"], needs="model"),
]


def run(benchmark: Benchmark, given: Sequence[str], *, long: bool) -> dict[str, Any]:
    """Run one and return what it found, with its command. Raises CalledProcessError."""
    words = [f"{benchmark.name}.py", *given, *(benchmark.long if long else benchmark.short)]
    ran = subprocess.run([sys.executable, str(HERE / words[0]), *words[1:]], stdout=subprocess.PIPE, text=True, check=True)
    print(ran.stdout, end="", flush=True)
    shown = [f"benchmarks/{words[0]}", *(_portable(word) for word in words[1:])]
    return {"command": f"python {' '.join(shown)}", "found": json.loads(ran.stdout.splitlines()[-1])}


def _portable(word: str) -> str:
    """A word of a command without paths of this machine."""
    return Path(word.partition("?")[0]).name + "".join(word.partition("?")[1:]) if word.startswith(os.sep) else word


def keep(name: str, ran: dict[str, Any]) -> None:
    """Write a result down."""
    machine = {"date": date.today().isoformat(), "machine": _machine(), "clemsim": version("clemsim")}
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.json").write_text(json.dumps({**machine, **ran}, indent=1) + "\n")


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def write_results() -> None:
    """Make RESULTS.md out of what was kept."""
    parts = ["# Results", "", PREFACE, ""]
    for benchmark in ALL:
        path = KEPT / f"{benchmark.name}.json"
        if path.exists():
            parts += _section(benchmark.name, json.loads(path.read_text()))
    RESULTS.write_text("\n".join(parts).rstrip() + "\n")


def _section(name: str, kept: dict[str, Any]) -> list[str]:
    about = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or ""
    found = {key: value for key, value in kept["found"].items() if key != "benchmark"}
    lines = [f"## {name}", "", about.partition("usage:")[0].strip(), "", f"`{kept['command']}`", ""]
    return [*lines, f"{kept['date']}, {kept['machine']}", "", markdown(found), ""]


def main(options: argparse.Namespace) -> None:
    """Run what is wanted and can be run."""
    failed = []
    for benchmark in ALL:
        given = getattr(options, benchmark.needs) if benchmark.needs else None
        if benchmark.name not in (options.names or [benchmark.name]):
            continue
        if benchmark.needs and not given:
            print(f"{benchmark.name}: left out, for it needs --{benchmark.needs}", file=sys.stderr)
            continue
        print(f"\n{benchmark.name}", file=sys.stderr)
        try:
            ran = run(benchmark, [given] if given else [], long=options.long)
        except subprocess.CalledProcessError:
            failed.append(benchmark.name)
            continue
        if options.keep:
            keep(benchmark.name, ran)
            write_results()
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--long", action="store_true", help="as long as RESULTS.md wants it")
    parser.add_argument("--keep", action="store_true", help="write results/NAME.json and RESULTS.md")
    parser.add_argument("--server", metavar="MODEL@URL", help="a real vLLM server")
    parser.add_argument("--model", metavar="MODEL?flags", help="a model for vLLM to start")
    parser.add_argument("--clem", metavar="CLEM", help="clemcore's command")
    main(parser.parse_args())
