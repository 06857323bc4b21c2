"""Does `clemsim canary` leave sound stacks alone and find spoiled ones?

Pairs of simulated stacks (`canary_stacks.py`) play real games: a sound one against another sound one, and against one with a
wrong template, heavy quantisation, dropped turns, or less speed. Each pair has a seed of its own. A false alarm is `worse`
between sound stacks, a miss is anything but `worse` against a spoiled one; of a miss it is said which change it could have
seen.
Prints JSON and a table; exit code 1 where more than 5 % of the sound pairs were accused, or more than a quarter of the
spoiled ones missed.
usage: python benchmarks/canary.py [--pairs 20] [--budget 300] [--margin 10]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from report import show

STACKS = Path(__file__).with_name("canary_stacks.py")
CLEMSIM = str(Path(sys.executable).with_name("clemsim"))
SPOILED = ("WrongTemplate", "Quantised", "Dropped", "Slow")
GAMES = ("taboo", "wordle", "referencegame", "imagegame", "privateshared")
CODES = {0: "same", 3: "worse", 4: "open"}


def compare(second: str, seed: int, budget: int, margin: float, folder: Path) -> dict[str, Any]:
    """The verdict of one canary, played by the command."""
    words = [
        CLEMSIM,
        "canary",
        f"{STACKS}:Stack",
        f"{STACKS}:{second}",
        "--json",
        "--seed",
        str(seed),
    ]
    words += [word for game in GAMES for word in ("--arena", game)]
    words += ["--budget", str(budget), "--margin", str(margin), "--out", str(folder / f"{second}{seed}")]
    environment = os.environ | {"CANARY_SEED": str(seed)}
    played = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if played.returncode not in CODES:
        raise SystemExit(played.stderr)
    verdict: dict[str, Any] = json.loads(played.stdout)
    assert verdict["answer"] == CODES[played.returncode]
    return verdict


def missed(verdict: dict[str, Any]) -> str:
    """What a canary that missed found, and could have seen."""
    parts = [
        f"{each['name']} {each['estimate']:+.1f} (about {each['visible']} points could be seen)"
        for each in verdict["measures"]
        if each["visible"] is not None
    ]
    return f"{verdict['b']}: {verdict['answer']}, {'; '.join(parts)}"


def row(verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    """How often each answer was given, and after how many pairs of episodes."""
    answers = Counter(each["answer"] for each in verdicts)
    return {
        "canaries": len(verdicts),
        **{answer: answers[answer] for answer in CODES.values()},
        "median pairs": median(each["looked_at"] for each in verdicts),
    }


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description="False alarms and misses of the canary")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--margin", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:

        def verdict(second: str, seed: int) -> dict[str, Any]:
            return compare(second, seed, options.budget, options.margin, Path(folder))

        sound = [verdict("Twin", seed) for seed in range(options.pairs)]
        kinds = list(islice(cycle(SPOILED), options.pairs))
        spoiled = {kind: [verdict(kind, seed) for seed, each in enumerate(kinds) if each == kind] for kind in SPOILED}
    misses = [missed(each) for some in spoiled.values() for each in some if each["answer"] != "worse"]
    alarms = sum(each["answer"] == "worse" for each in sound)
    failed = [
        *(["false alarms"] if alarms > 0.05 * len(sound) else []),
        *(["misses"] if len(misses) > 0.25 * options.pairs else []),
    ]
    rows = {"sound": row(sound), **{kind: row(some) for kind, some in spoiled.items() if some}}
    show(
        {
            "benchmark": "canary",
            "margin": options.margin,
            "budget": options.budget,
            **rows,
            "missed": misses,
            "failed": failed,
        }
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
