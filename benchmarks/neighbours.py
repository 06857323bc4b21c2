"""Start several processes at one moment, again and again: does each get a complete run of its own, or one clear refusal?

Each trial is played twice: without `--out`, and with the same one for all processes, of which one gets it. Each run is
read whole: its episodes have ended, its store passes SQLite's check, and nothing else is left beside it. Prints JSON and a
table; fails where a run is missing, doubled or damaged.
usage: python benchmarks/neighbours.py [--trials 50] [--processes 8]
"""

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from report import show

from clemsim import RunConfig
from clemsim.errors import UsageError
from clemsim.runs.run import play
from clemsim.store import reader

FILES = {"run.db", "run.toml", "run.lock", "summary.json"}
PLAYED, REFUSED = "played", "refused"


def neighbour(barrier: Any, results: Any, folder: str, seed: int, trials: int) -> None:
    """Play run after run, each begun together with all others, and tell what became of each."""
    os.chdir(folder)
    for trial in range(2 * trials):
        out = Path("same") / str(trial) if trial % 2 else None
        config = RunConfig(arenas=("taboo",), agents=("baseline",), instances=1, seed=seed)
        barrier.wait()
        try:
            results.put((trial, PLAYED, asyncio.run(play(config, out)).run, seed))
        except UsageError as error:
            results.put((trial, REFUSED, str(error), seed))
        except BaseException as error:
            results.put((trial, f"{type(error).__name__}: {error}", "", seed))


def problem(folder: Path, seed: int) -> str:
    """Say what is amiss with a run that was played with this seed; empty: nothing."""
    if {path.name for path in folder.iterdir()} != FILES:
        return f"it holds {sorted(path.name for path in folder.iterdir())}"
    if f"seed = {seed}\n" not in (folder / "run.toml").read_text():
        return "its description is another's"
    with reader.reading(folder / "run.db") as base:
        rows = list(reader.episodes(base))
        if not rows or any(row.outcome is None for row in rows):
            return "not all of its episodes have ended"
        if base.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            return "its store is damaged"
    return ""


def check(folder: Path, results: list[tuple[int, str, str, int]], processes: int) -> list[str]:
    """Return what is wrong with all trials together."""
    wrong = [f"trial {trial}: {what} {text}" for trial, what, text, _ in results if what not in (PLAYED, REFUSED)]
    runs = [(folder / run, seed) for _, what, run, seed in results if what == PLAYED]
    wrong += [f"{run}: {said}" for run, seed in runs if (said := problem(run, seed))]
    places = {run.resolve() for run, _ in runs}
    if len(places) != len(runs):
        wrong.append("two processes were given one run")
    there = {path.resolve() for name in ("runs", "same") if (folder / name).exists() for path in (folder / name).iterdir()}
    wrong += [f"{path} is left" for path in there - places]
    for trial, outcomes in _by_trial(results).items():
        expected = {PLAYED: 1, REFUSED: processes - 1} if trial % 2 else {PLAYED: processes}
        if {what: count for what, count in outcomes.items() if count} != {w: n for w, n in expected.items() if n}:
            wrong.append(f"trial {trial}: {dict(outcomes)}")
    wrong += [text for _, what, text, _ in results if what == REFUSED and "already exists: choose another --out" not in text]
    return wrong


def _by_trial(results: list[tuple[int, str, str, int]]) -> dict[int, Counter[str]]:
    trials: dict[int, Counter[str]] = {}
    for trial, what, _, _ in results:
        trials.setdefault(trial, Counter())[what] += 1
    return trials


def main(trials: int, processes: int) -> None:
    """Start, wait, look at everything."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as name:
        barrier, queue = context.Barrier(processes), context.Queue()
        begun = time.monotonic()
        neighbours = [context.Process(target=neighbour, args=(barrier, queue, name, n, trials)) for n in range(processes)]
        for each in neighbours:
            each.start()
        results = [queue.get(timeout=300) for _ in range(2 * trials * processes)]
        for each in neighbours:
            each.join()
        wrong = check(Path(name), results, processes)
    counts = Counter(what for _, what, _, _ in results)
    show(
        {
            "benchmark": "neighbours",
            "trials": trials,
            "processes": processes,
            "complete_runs": counts[PLAYED],
            "refused": counts[REFUSED],
            "wrong": len(wrong),
            "seconds": round(time.monotonic() - begun, 1),
        }
    )
    if wrong:
        sys.exit("\n".join(wrong[:20]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--processes", type=int, default=8)
    options = parser.parse_args()
    main(options.trials, options.processes)
