"""How long does `clemsim compare` take for two very large runs, and how much memory?

Makes two runs as `benchmarks/viewer.py` does, compares two of their five agents by the command, and prints JSON: seconds,
seconds of CPU, and peak memory of the process. `--with PYTHON`: another version; both then take turns.
usage: python benchmarks/compare_runs.py [--episodes 100000] [--turns 4] [--keep FOLDER] [--repeat 3] [--with PYTHON]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from report import show
from viewer import AGENTS, make
from viewer_pages import complete


def measured(python: str, runs: list[Path]) -> dict[str, float]:
    """Compare the runs once."""
    command = [
        python,
        "-P",
        "-m",
        "clemsim.cli.main",
        "compare",
        *map(str, runs),
        "--a",
        AGENTS[2],
        "--b",
        AGENTS[0],
        "--anyway",
    ]
    begin = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return {"seconds": perf_counter() - begin, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


def main(options: argparse.Namespace) -> None:
    """Make the runs, and compare them in turns."""
    with TemporaryDirectory() as place:
        runs = [(options.keep or Path(place)) / name for name in "ab"]
        for run in runs:
            if not run.exists():
                make(run, options.episodes, options.turns)
                complete(run)
        pythons = {"this": sys.executable} | ({"other": options.other} if options.other else {})
        found: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
        for _ in range(options.repeat):
            for name, python in pythons.items():
                found[name].append(measured(python, runs))
    told = {name: {key: round(median(own[key] for own in times), 1) for key in times[0]} for name, times in found.items()}
    show({"benchmark": "compare_runs", "episodes": options.episodes, **told})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder to keep the runs in, or to take them from")
    parser.add_argument("--with", dest="other", help="the interpreter of another version of clemsim")
    main(parser.parse_args())
