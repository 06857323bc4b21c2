"""What do two workers (Ray actors) bring over one process, and what do they cost?

The whole suite `paper`, played by the scripted players, in this process and by workers; Ray's start-up is in the seconds,
as it is in a run's. Prints JSON and a table: seconds, turns a second of playing (without start-up), and whether the
scores are the same.
usage: python benchmarks/workers.py [--repetitions 5] [--workers 1 2]
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from report import show

from clemsim.cli.common import run_async
from clemsim.results.run_summary import RunSummary
from clemsim.runs.run import play
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.store.config import RunConfig

SAME = ("clemscore", "played", "quality", "unfinished")


def measure(folder: Path, config: RunConfig, workers: int) -> tuple[dict[str, Any], RunSummary]:
    """One run: its figures, and its summary. 0 workers: in this process."""
    begun = perf_counter()
    summary = run_async(play(config, folder / str(workers), workers=WorkerOptions(workers) if workers else None))
    seconds = perf_counter() - begun
    turns = summary.throughput.turns
    return {"seconds": round(seconds, 2), "turns_per_second": round(turns / seconds)}, summary


def main(options: argparse.Namespace) -> None:
    """All, one after the other."""
    config = RunConfig(suite="paper", agents=("baseline",), repetitions=options.repetitions)
    with TemporaryDirectory() as name:
        runs = {count: measure(Path(name), config, count) for count in (0, *options.workers)}
    alone = runs[0]
    found = {"this process" if not count else f"{count} workers": figures for count, (figures, _) in runs.items()}
    same = all(getattr(summary, name) == getattr(alone[1], name) for _, summary in runs.values() for name in SAME)
    turns = alone[1].throughput.turns
    show({"benchmark": "workers", "turns": turns, "same_scores": same, "runs": found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    main(parser.parse_args())
