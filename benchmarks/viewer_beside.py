"""Does a run lose speed while somebody looks at it in the viewer?

Plays the same run in pairs, one with a viewer that serves it and a browser that has its page open and follows it, one
without, in alternating order. Scripted players answer at once, so that clemsim itself is the limit and every loss shows.
Gives JSON: turns per second and CPU seconds per 1,000 turns of the run's process on both sides, and the ratio of each pair.
usage: python benchmarks/viewer_beside.py [--pairs 6] [--repetitions 20] [--browser chromium]
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import orjson

CLEMSIM = [sys.executable, "-m", "clemsim.cli.main"]
NULL = subprocess.DEVNULL
PATIENCE = 60  # seconds until a viewer, or a run, must be there


@contextmanager
def viewer(folder: Path) -> Iterator[str]:
    """Serve a folder and give the address of the first page."""
    process = subprocess.Popen(
        [*CLEMSIM, "view", str(folder), "--port", "0"], stdin=NULL, stdout=NULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    try:
        line = process.stderr.readline()
        yield next(word for word in line.split() if word.startswith("http")).partition("?")[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def looking(browser: str, address: str, profile: Path) -> Iterator[None]:
    """Keep a page open in a browser without a window."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--remote-debugging-port=0"]
    process = subprocess.Popen([browser, *flags, address], stdin=NULL, stdout=NULL, stderr=NULL, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def begin(out: Path, repetitions: int) -> subprocess.Popen[bytes]:
    """Begin a run and return once its folder is there."""
    words = ["run", "--suite", "quick", "--agent", "random", "--repetitions", str(repetitions), "--out", str(out)]
    process = subprocess.Popen([*CLEMSIM, *words], stdin=NULL, stdout=NULL, stderr=NULL)
    until = time.monotonic() + PATIENCE
    while not (out / "run.db").is_file() and time.monotonic() < until:
        time.sleep(0.02)
    return process


def end(process: subprocess.Popen[bytes], out: Path) -> dict[str, float]:
    """Wait for a run and return its turns per second, and the CPU seconds that its process took for 1,000 of them."""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the run ended with {status}")
    rates = orjson.loads((out / "summary.json").read_bytes())["throughput"]
    cpu = 1000 * (usage.ru_utime + usage.ru_stime) / rates["turns"]
    return {"turns_per_second": rates["turns"] / rates["seconds"], "cpu_of_1000_turns": cpu}


def watched(folder: Path, repetitions: int, browser: str) -> dict[str, float]:
    """Play a run that a browser follows."""
    out = folder / "runs" / "watched"
    out.parent.mkdir()
    with viewer(out.parent) as url:
        run = begin(out, repetitions)
        with looking(browser, f"{url}run/watched", folder / "profile"):
            return end(run, out)


def alone(folder: Path, repetitions: int) -> dict[str, float]:
    """Play a run that nobody looks at."""
    return end(begin(folder / "run", repetitions), folder / "run")


def pair(number: int, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Play a pair; every other one begins with the run that is watched."""
    found = {}
    for side in ("watched", "alone") if number % 2 else ("alone", "watched"):
        with tempfile.TemporaryDirectory() as place:
            arguments = (Path(place), options.repetitions)
            found[side] = watched(*arguments, options.browser) if side == "watched" else alone(*arguments)
    return found


def main(options: argparse.Namespace) -> None:
    """Play all pairs and print what came of them."""
    if not shutil.which(options.browser):
        raise SystemExit(f"there is no {options.browser}: name a browser with --browser")
    pairs = [pair(number, options) for number in range(options.pairs)]
    names = pairs[0]["alone"]
    ratios = {name: [round(own["watched"][name] / own["alone"][name], 3) for own in pairs] for name in names}
    medians = {name: round(median(values), 3) for name, values in ratios.items()}
    report = {"pairs": pairs, "watched / alone": ratios, "median of watched / alone": medians}
    print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--browser", default="chromium")
    main(parser.parse_args())
