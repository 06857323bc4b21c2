"""How fast does the viewer answer for a very large run, and how much memory does its server take?

Serves the run that `benchmarks/viewer.py` makes, with its summary as a run leaves it, by `clemsim view`, waits until
what was said is indexed, and asks for every kind of page over HTTP, one after the other, in turns. Gives JSON:
milliseconds of each page (median; worst, which is mostly the first: counts of choices are kept), CPU milliseconds of
the server per page, the size of the page, how long the index took, and the server's peak memory.
usage: python benchmarks/viewer_pages.py [--episodes 100000] [--turns 10] [--keep FOLDER] [--repeat 9]
"""

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from report import show
from viewer import AGENTS, ARENAS, against_goals, index_word, make

from clemsim.store.config import RunConfig
from clemsim.store.description import Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import CONFIG, STORE, SUMMARY, write_description

CLEMSIM = [sys.executable, "-m", "clemsim.cli.main"]
NULL = subprocess.DEVNULL
PATIENCE = 1800  # seconds until all is indexed
TICK = 1000 / os.sysconf("SC_CLK_TCK")  # milliseconds


@contextmanager
def viewer(folder: Path) -> Iterator[tuple[str, int]]:
    """Serve a folder, and give the address of the first page and the number of the process."""
    command = [*CLEMSIM, "view", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdin=NULL, stdout=NULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        line = process.stderr.readline()
        yield next(word for word in line.split() if word.startswith("http")).partition("?")[0], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def complete(folder: Path) -> None:
    """Give the run what each has beside its store: its description and its summary."""
    if not (folder / CONFIG).exists():
        about = RunDescription(
            config=RecordedConfig(**RunConfig(agents=AGENTS[:4]).model_dump()),
            suite=SuiteDescription(name="large"),
            agents={name: {"model": name} for name in AGENTS[:4]},
            made=Origin(started="2026-01-01T00:00:00"),
        )
        write_description(folder, about)
    if not (folder / SUMMARY).exists():
        with (folder / SUMMARY).open("wb") as file:
            subprocess.run([*CLEMSIM, "show", str(folder), "--json"], stdout=file, check=True)


def pages(episodes: int) -> dict[str, str]:
    """Every kind of page, by name; those that look for text begin with `text`."""
    run, middle = "run/r", episodes // 2
    filters: dict[str, dict[str, str]] = {
        "all": {},
        "agent, game, outcome": {"agent": "baseline", "arena": "wordle", "outcome": "aborted", "sort": "-tokens"},
        "score": {"score": "40..60", "sort": "score"},
        "reason": {"reason": "does not have", "sort": "-turns"},
        "flags": {"flag": "cut,re-asked", "sort": "seconds"},
        "text, common word": {"text": "game"},
        "text, rare word": {"text": index_word(9000)},
        "text, phrase": {"text": '"keep to the rules"', "sort": "-tokens"},
    }
    found = {"all runs": "", "a run": run, "the last page of episodes": f"{run}/episodes?page=999999"}
    for title, query in filters.items():
        found[f"{title}: episodes"] = f"{run}/episodes?{urlencode(query)}"
        found[f"{title}: an episode"] = f"{run}/episode/{middle}?{urlencode(query)}"
    found["what a seat saw"] = f"{run}/episode/{middle}?saw=guesser"
    return found


def get(address: str) -> str:
    """The text of a page."""
    with urlopen(address) as answer:
        text: str = answer.read().decode()
    return text


def cpu(process: int) -> float:
    """Milliseconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def peak(process: int) -> float:
    """Megabytes of memory that a process had at most."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found
    return round(int(found[1]) / 1024, 1)


def indexed(url: str) -> dict[str, float]:
    """Wait until the index is whole, and give the seconds until the first list, until all facts and until all texts."""
    begin, until = perf_counter(), monotonic() + PATIENCE
    seconds: dict[str, float] = {}
    while monotonic() < until:
        text = get(f"{url}run/r/episodes?text=game")
        took = round(perf_counter() - begin, 1)
        seconds.setdefault("first list", took)
        if "are still being read" not in text:
            seconds.setdefault("facts", took)
        if "still being read" not in text:
            return {**seconds, "texts": took}
        sleep(1)
    raise SystemExit(f"the index is not whole after {PATIENCE} seconds")


def measured(url: str, process: int, episodes: int, repeat: int) -> dict[str, Any]:
    """Ask for every page in turns."""
    took: dict[str, list[float]] = {title: [] for title in pages(episodes)}
    spent, sizes = dict.fromkeys(took, 0.0), dict.fromkeys(took, 0)
    for _ in range(repeat):
        for title, path in pages(episodes).items():
            before, begin = cpu(process), perf_counter()
            text = get(url + path)
            took[title].append(1000 * (perf_counter() - begin))
            spent[title] += cpu(process) - before
            sizes[title] = len(text)
    return {
        title: {
            "median": round(median(times), 1),
            "worst": round(max(times), 1),
            "cpu": round(spent[title] / repeat, 1),
            "kilobytes": round(sizes[title] / 1000),
        }
        for title, times in took.items()
    }


def main(options: argparse.Namespace) -> None:
    """Make the run, serve it, and ask."""
    with TemporaryDirectory() as place:
        shelf = options.keep or Path(place)
        folder = shelf / "r"
        if not folder.exists():
            make(folder, options.episodes, options.turns)
        complete(folder)
        for path in folder.glob("index.db*"):
            path.unlink()
        size = round((folder / STORE).stat().st_size / 1e6)
        with viewer(shelf) as (url, process):
            seconds = indexed(url)
            after_index = peak(process)
            times = measured(url, process, options.episodes, options.repeat)
            memory = peak(process)
    about = {"episodes": options.episodes, "games": len(ARENAS), "store_mb": size}
    found = {"index_seconds": seconds, "milliseconds": times, "peak_mb": {"index": after_index, "index and pages": memory}}
    show({"benchmark": "viewer_pages", **about, **found, **against_goals(times, memory)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="folder to keep the run in, or to take it from")
    main(parser.parse_args())
