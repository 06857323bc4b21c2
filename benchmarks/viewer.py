"""How fast are lists of episodes of a very large run, and how much memory do they take?

Makes a run of so many episodes, whose players say random words of a vocabulary as frequent as in a language, through the
statements of the run store's writer; indexes it in a process of its own, as the viewer does; and asks for every kind of
page. Prints JSON and a table: seconds of the first index (facts, texts) and of a look at what did not change and at one
episode that did, milliseconds of each query (median, worst, mean CPU), and the peak memory of the process that indexed and
asked. A text is looked up when it is first asked for, which is then the worst.
usage: python benchmarks/viewer.py [--episodes 100000] [--turns 10] [--keep FOLDER] [--repeat 9]
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from report import show

from clemsim.game.events import Asked, Ended, Event, Parsed, Rejected, Replied, Told, type_name
from clemsim.results.episode_index.episode_filter import EpisodeFilter
from clemsim.results.episode_index.index import CHOICES, EpisodeIndex
from clemsim.results.episode_index.index_schema import SORTS
from clemsim.results.episode_index.value_range import ValueRange
from clemsim.store.folder import STORE
from clemsim.store.schema import connect
from clemsim.store.write_batch import WriteBatch

ARENAS = ("taboo", "wordle", "referencegame", "privateshared", "imagegame", "codenames", "guesswhat")
AGENTS = ("qwen3-4b", "smollm2-135m", "baseline", "llama-3.1-8b", "describer=qwen3-4b,guesser=baseline")
EXPERIMENTS = ("high_en", "medium_en", "low_en")
CHUNK = 2000  # episodes in one commit
VOCABULARY = 20_000
INSTANCE = '{"target":"apple","related":["fruit","tree"]}'
RULES = "You take part in a game. " * 32  # 800 characters, as long as the first prompt of a usual game
GOAL_PAGE, GOAL_TEXT, GOAL_MEMORY = 200, 1000, 200  # milliseconds, milliseconds, MB


class Words:
    """Words of a vocabulary, of which the n-th is as frequent as 1/n (Zipf 1935)."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.words = [f"{self.random.choice('bdfgklmnprst')}{name(number)}" for number in range(VOCABULARY)]
        self.frequency = [1 / rank for rank in range(1, VOCABULARY + 1)]
        total = 0.0
        self.cumulative = [total := total + each for each in self.frequency]

    def say(self, count: int) -> list[str]:
        """So many words."""
        return self.random.choices(self.words, cum_weights=self.cumulative, k=count)


def name(number: int) -> str:
    """A word of its own for each number."""
    text = ""
    while True:
        number, rest = divmod(number, 50)
        text += "aeiou"[rest % 5] + "bcdfghklmn"[rest // 5]
        if not number:
            return text


def episodes(
    count: int, turns: int, words: Words
) -> Iterator[tuple[tuple[Any, ...], list[Event], list[tuple[Any, ...]], float]]:
    """Each episode's row, events, requests and begin."""
    draw = words.random
    for number in range(1, count + 1):
        arena, cast = ARENAS[number % len(ARENAS)], AGENTS[number // len(ARENAS) % len(AGENTS)]
        experiment, place = draw.choice(EXPERIMENTS), number // (len(ARENAS) * len(AGENTS))
        row = (
            number,
            arena,
            f"{experiment}/{place}",
            0,
            cast,
            experiment,
            1,
            '{"target":"apple","related":["fruit","tree"]}',
        )
        started = 1.7e9 + number * 0.1
        said = words.say(17 * turns)
        events: list[Event] = [Told("guesser", RULES)]
        requests = []
        own = draw.randint(max(1, turns // 2), turns + turns // 2)
        for turn in range(1, own + 1):
            seat = ("describer", "guesser")[turn % 2]
            begin = 17 * (turn - 1) % len(said)
            stop = "length" if draw.random() < 0.005 else "stop"
            reply = f"CLUE: {' '.join(said[begin : begin + 15])}"
            events += [Asked(turn, seat, f"{RULES if turn == 1 else ''}Turn {turn}: go on, please, and keep to the rules."),
                       Replied(turn, seat, reply, "", stop)]  # fmt: skip
            events.append(Rejected(turn, "no tag") if draw.random() < 0.01 else Parsed(turn, reply))
            requests.append((number, turn, seat, cast, "model", turn, started + turn, 0.4, 200 + 40 * turn, 20, 150, 0, stop,
                             "", 150, "", 0.01, 0.1))  # fmt: skip
        events.append(ending(draw, said))
        yield row, events, requests, started


def ending(draw: Random, said: list[str]) -> Ended:
    """Four in ten are won, three lost, three aborted."""
    chance = draw.random()
    if chance < 0.4:
        return Ended("success", "", None, draw.choice([100.0, 50.0, 33.3]))
    if chance < 0.7:
        return Ended("failure", f"the word was {said[0]!r}", "guesser", 0.0)
    why = [f"the guess {said[1]!r} does not have 5 letters", "the reply does not start with 'CLUE: '", f"used {said[2]!r}"]
    return Ended("aborted", draw.choice(why), draw.choice(["describer", "guesser"]))


def make(folder: Path, count: int, turns: int) -> None:
    """Make the run."""
    folder.mkdir(parents=True)
    base, words = connect(folder / STORE, create=True), Words(1)
    batch = WriteBatch()
    batch.add("meta", [("session 1", "{}")])
    for row, events, requests, started in episodes(count, turns, words):
        number, last = row[0], events[-1]
        assert isinstance(last, Ended)
        batch.add("enlisted", [row])
        batch.add("started", [(number, started)])
        batch.add("events", [(number, place, type_name(event), event) for place, event in enumerate(events)])
        batch.add("requests", requests)
        batch.add("ended", [(number, last.kind, last.reason, last.blame, last.quality, started + len(requests))])
        if number % CHUNK == 0 or number == count:
            batch.write(base)
            batch = WriteBatch()
    base.execute("PRAGMA journal_mode=DELETE")
    base.close()


def queries(index: EpisodeIndex) -> dict[str, Callable[[], object]]:
    """Every kind of page, by name; those that look for text begin with `text`."""
    size = index.count()
    usual = EpisodeFilter(agent="baseline", arena="wordle", outcome="aborted", sort="tokens", descending=True)
    filters = {
        "agent, game, outcome": usual,
        "score": EpisodeFilter(score=ValueRange(40, 60), sort="score"),
        "reason": EpisodeFilter(reason="does not have", sort="turns", descending=True),
        "flag": EpisodeFilter(flags=("cut", "re-asked"), sort="seconds"),
        "rare": EpisodeFilter(instance="low_en/7", flags=("cut",)),
        "text, common word": EpisodeFilter(text="game"),
        "text, usual word": EpisodeFilter(text=index_word(3), text_in="said"),
        "text, rare word": EpisodeFilter(text=index_word(9000)),
        "text, phrase": EpisodeFilter(text='"keep to the rules"', sort="tokens", descending=True),
        "text, beginning and words": EpisodeFilter(
            text=f"{index_word(2)[:2]}* {index_word(5)}", text_in="said", outcome="failure"
        ),
    }
    found: dict[str, Callable[[], object]] = {}
    for title, filter_ in filters.items():
        found[f"{title}: count and page"] = partial(count_and_page, index, filter_)
        found[f"{title}: next and previous"] = partial(index.neighbours, filter_, size // 2)
    for sort in SORTS:
        found[f"sorted by {sort}"] = partial(index.page, EpisodeFilter(sort=sort, descending=True))
        found[f"sorted by {sort}, last page"] = partial(index.page, EpisodeFilter(sort=sort), size - 50)
    for column in CHOICES:
        found[f"choices of {column}"] = partial(index.choices, column)
    found["endings"] = index.endings
    found["endings of a filter"] = partial(index.endings, EpisodeFilter(arena="wordle", outcome="aborted"))
    found["totals"] = index.totals
    found["totals of a filter"] = partial(index.totals, usual)
    return found


def count_and_page(index: EpisodeIndex, filter_: EpisodeFilter) -> object:
    """What a page of a list asks for."""
    return index.count(filter_), index.page(filter_)


def index_word(rank: int) -> str:
    """The word of a rank."""
    return Words(1).words[rank]


def child(folder: Path, repeat: int) -> None:
    """Index the run and ask."""
    with EpisodeIndex(folder) as index:
        begun = process_time()
        seconds = {"facts": timed(partial(index.sync, texts=False)), "facts, CPU": process_time() - begun}
        begun = process_time()
        seconds |= {"texts": timed(index.sync), "texts, CPU": process_time() - begun, "nothing new": timed(index.sync)}
        memory_index = peak()
        times = {}
        for title, ask in queries(index).items():
            begun = process_time()
            took = sorted(1000 * timed(ask) for _ in range(repeat))
            cpu = 1000 * (process_time() - begun) / repeat
            times[title] = {"median": round(median(took), 1), "worst": round(took[-1], 1), "mean CPU": round(cpu, 1)}
        with connect(folder / STORE) as base:
            base.execute("UPDATE episodes SET quality = 77 WHERE id = 5")
        base.close()
        seconds["one episode changed"] = timed(index.sync)
        assert index.facts(5).score == 77
        whole = index.totals()
    found = {
        "episodes": whole.episodes,
        "turns": whole.turns,
        "seconds": {title: round(took, 2) for title, took in seconds.items()},
        "milliseconds": times,
        "peak_mb": {"index": memory_index, "index and pages": peak()},
        "index_mb": round((folder / "index.db").stat().st_size / 1e6),
    }
    print(json.dumps(found))


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def peak() -> float:
    """Megabytes of memory that this process had at most."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def main(options: argparse.Namespace) -> None:
    """Make the run, and measure in another process."""
    with TemporaryDirectory() as place:
        folder = (options.keep or Path(place)) / "r"
        begin = perf_counter()
        if not folder.exists():
            make(folder, options.episodes, options.turns)
        made = perf_counter() - begin
        for path in folder.glob("index.db*"):
            path.unlink()
        command = [sys.executable, __file__, "--child", str(folder), "--repeat", str(options.repeat)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(ran.stdout)
        size = round((folder / STORE).stat().st_size / 1e6)
    times = found["milliseconds"]
    about = {"store_mb": size, "made_seconds": round(made, 1)}
    show({"benchmark": "viewer", **about, **found, **against_goals(times, found["peak_mb"]["index and pages"])})


def against_goals(times: dict[str, dict[str, float]], memory: float) -> dict[str, Any]:
    """Return the slowest medians in milliseconds, of pages and of searches in texts, and whether they and memory in
    megabytes are within the goals.
    """
    slowest = {
        "page": max(own["median"] for title, own in times.items() if not title.startswith("text")),
        "full text": max(own["median"] for title, own in times.items() if title.startswith("text")),
    }
    met = slowest["page"] < GOAL_PAGE and slowest["full text"] < GOAL_TEXT and memory < GOAL_MEMORY
    return {"slowest_median_ms": slowest, "goals_met": met}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="folder to keep the run in, or to take it from")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.repeat)
    else:
        main(given)
