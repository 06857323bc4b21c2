"""Does `clemsim canary` leave sound stacks alone and find spoiled ones?

Pairs of simulated stacks (`canary_stacks.py`) play real games: a sound one against another sound one, and against ones
with a wrong template, heavy quantisation, or dropped turns, each from wholly to hardly spoiled; and a few slower ones. Each
pair has a seed of its own. A false alarm is `worse` between sound stacks; of every spoiled one that is not called `worse` it
is said what it lost, and which change could have been seen. It is a miss where it lost as much as that.
Prints JSON and a table; exit code 1 where more than 5 % of the sound pairs were accused, or a spoiled one was missed.
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
SPOILED = ("WrongTemplate", "Quantised", "Dropped")
STRENGTHS = (1.0, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05)  # shares of replies that are spoiled
GAMES = ("taboo", "wordle", "referencegame", "imagegame", "privateshared")
CODES = {0: "same", 3: "worse", 4: "open"}


def compare(second: str, strength: float, seed: int, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
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
    words += ["--budget", str(options.budget), "--margin", str(options.margin), "--out", str(folder / f"{second}{seed}")]
    environment = os.environ | {"CANARY_SEED": str(seed), "CANARY_STRENGTH": str(strength)}
    played = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if played.returncode not in CODES:
        raise SystemExit(played.stderr)
    verdict: dict[str, Any] = json.loads(played.stdout)
    assert verdict["answer"] == CODES[played.returncode]
    print(f"{second} {strength:g}: {missed(verdict)}", file=sys.stderr, flush=True)
    return verdict


def missed(verdict: dict[str, Any]) -> str:
    """What a canary found that called nothing worse, and could have seen."""
    parts = [
        f"{each['name']} {each['estimate']:+.1f} (about {each['visible']} points could be seen)"
        for each in verdict["measures"]
        if each["visible"] is not None
    ]
    return f"{verdict['answer']}, {'; '.join(parts)}"


def is_missed(verdict: dict[str, Any]) -> bool:
    """Whether a measure lost as much as could be seen, and was not called worse."""
    seen = [each for each in verdict["measures"] if each["visible"] is not None]
    return verdict["answer"] != "worse" and any(each["estimate"] <= -each["visible"] for each in seen)


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
    grid = [(kind, strength) for strength in STRENGTHS for kind in SPOILED]
    kinds = list(islice(cycle(grid), options.pairs))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = [compare("Twin", 0.0, seed, options, folder) for seed in range(options.pairs)]
        spoiled = [compare(kind, strength, seed, options, folder) for seed, (kind, strength) in enumerate(kinds)]
        slow = [compare("Slow", 0.0, seed, options, folder) for seed in range(-(-options.pairs // 5))]
    found = [f"{kind} {strength:g}" for kind, strength in kinds]
    alarms = sum(each["answer"] == "worse" for each in sound)
    failed = [
        *(["false alarms"] if alarms > 0.05 * len(sound) else []),
        *(f"missed: {name}" for name, verdict in zip(found, spoiled, strict=True) if is_missed(verdict)),
        *("missed: Slow" for verdict in slow if verdict["answer"] != "worse"),
    ]
    rows = {"sound": row(sound)}
    for kind in SPOILED:
        if some := [verdict for verdict, (each, _) in zip(spoiled, kinds, strict=True) if each == kind]:
            rows[kind] = row(some)
    rows["Slow"] = row(slow)
    show(
        {
            "benchmark": "canary",
            "margin": options.margin,
            "budget": options.budget,
            **rows,
            "found": [name for name, each in zip(found, spoiled, strict=True) if each["answer"] == "worse"],
            "not worse": [
                f"{name}: {missed(each)}" for name, each in zip(found, spoiled, strict=True) if each["answer"] != "worse"
            ],
            "failed": failed,
        }
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
