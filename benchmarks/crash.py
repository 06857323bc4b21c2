"""Kill one run again and again: does it end with what an uninterrupted run ends with?

Plays the suite `paper` (420 episodes) with slowed-down scripted players, kills the process at random moments (SIGKILL),
resumes it each time, and compares scores, events and requests with those of a run that nobody touched. Prints JSON and a
table; `asked_again` is how many turns were asked more than once over all kills.
usage: python benchmarks/crash.py [--kills 50] [--suite paper] [--seed 1]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from report import show

from clemsim.store import reader

PLAYER = '''
import asyncio
from pathlib import Path
from clemsim_agents.scripted import PerArena

class Slow(PerArena):
    """The scripted players, so slow that there is time to kill them; notes every turn that it is asked."""
    width = 64
    def __init__(self, arg, options):
        super().__init__("slow", "baselines")
        self.asked = Path("asked.txt").open("a", buffering=1)
    async def reply(self, view):
        self.asked.write(f"{view.key.label} {view.turn}\\n")
        await asyncio.sleep(DELAY)
        return await super().reply(view)
'''


def clemsim(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """Start a command."""
    command = [sys.executable, "-m", "clemsim.cli.main", *words]
    return subprocess.Popen(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finished(process: subprocess.Popen[str]) -> str:
    """Its output; fails where it did not end well."""
    printed, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"exit code {process.returncode}: {printed}")
    return printed


def contents(folder: Path) -> tuple[dict[str, list[Any]], list[Any]]:
    """Every episode's events and outcome, and every score."""
    with reader.reading(folder / "run.db") as base:
        episodes = {str(row.key): [row.status, row.outcome, *reader.events(base, row.id)] for row in reader.episodes(base)}
        scores = base.execute("SELECT * FROM scores ORDER BY episode, round, metric").fetchall()
        if base.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise SystemExit("the store is damaged")
    return episodes, scores


def main(kills: int, suite: str, seed: int, longest: float) -> None:
    """Play, kill, resume, compare."""
    rng = random.Random(seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "slow.py").write_text(PLAYER.replace("DELAY", "0"))
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        words = ("run", "--suite", suite, "--agent", "slow.py:Slow")
        finished(clemsim(*words, "--out", "whole", cwd=folder))
        turns = len(set((folder / "asked.txt").read_text().splitlines()))
        (folder / "asked.txt").unlink()
        (folder / "slow.py").write_text(PLAYER.replace("DELAY", str(longest * kills * 20 / turns)))
        process, killed, begun = clemsim(*words, "--out", "killed", cwd=folder), 0, time.monotonic()
        while killed < kills:
            time.sleep(rng.uniform(0.2, longest))
            ended = process.poll() is not None
            if ended and process.returncode == 0:
                break
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
            there = (folder / "killed" / "run.db").exists()
            process = clemsim(*(("resume", "killed", "--trust") if there else (*words, "--out", "killed")), cwd=folder)
        (folder / "slow.py").write_text(PLAYER.replace("DELAY", "0"))
        finished(process)
        asked = (folder / "asked.txt").read_text().splitlines()
        whole, scores = contents(folder / "whole")
        again, scores_again = contents(folder / "killed")
        result = {
            "benchmark": "crash",
            "kills": killed,
            "episodes": len(whole),
            "turns": turns,
            "asked_again": len(asked) - len(set(asked)),
            "seconds": round(time.monotonic() - begun, 1),
            "same_events": whole == again,
            "same_scores": scores == scores_again,
        }
    show(result)
    if not (result["same_events"] and result["same_scores"]):
        raise SystemExit("the runs differ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--suite", default="paper")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=2.0, help="seconds between two kills, at most")
    options = parser.parse_args()
    main(options.kills, options.suite, options.seed, options.longest)
