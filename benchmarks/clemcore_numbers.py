"""Let clemcore score, evaluate and transcribe what clemsim exported, and compare every number with those in the export.

Needs clemcore's command, a clembench checkout, and what its games need (scikit-learn, NLTK's stop words):

    export CLEMSIM_TEST_CLEM=/path/to/clem CLEMSIM_TEST_CLEMBENCH=/path/to/clembench NLTK_DATA=/path/to/nltk_data
    python benchmarks/clemcore_numbers.py EXPORT...

Each EXPORT is a folder that `clemsim export --format clembench` wrote; it is copied and not changed. Prints a line of JSON
for each, and exits with 1 where a number differs.
"""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

CLEM, CHECKOUT = os.environ.get("CLEMSIM_TEST_CLEM", ""), os.environ.get("CLEMSIM_TEST_CLEMBENCH", "")
GAMES = (
    *("taboo", "wordle", "wordle_withclue", "wordle_withcritic", "imagegame", "referencegame", "privateshared"),
    *("clean_up", "codenames", "dond", "hot_air_balloon"),
    *("guesswhat", "matchit_ascii", "textmapworld", "textmapworld_graphreasoning", "textmapworld_specificroom"),
)
# What clembench's scorers of some games do not write, and clemsim does.
OURS = {
    "Request Count",
    "Parsed Request Count",
    "Violated Request Count",
    "Request Success Ratio",
    "Refused Moves",
    "Invalid",
}
SHOWN = 20


@dataclass
class ClemcoreAgreement:
    """What clemcore made of an export: episodes that it scored anew, and numbers of scores and tables that were compared."""

    export: str
    episodes: int = 0
    scored: int = 0
    transcribed: int = 0
    numbers: int = 0
    cells: int = 0
    differing: int = 0
    differences: list[str] = field(default_factory=list)

    def compare(self, where: str, before: Any, after: Any) -> None:
        """Compare two numbers, of which NaN and null are as undefined; what is none must be equal."""
        if not _alike(_number(before), _number(after)):
            self.differing += 1
            self.differences += [f"{where}: {before} became {after}"] if self.differing <= SHOWN else []


def check(export: Path, work: Path) -> ClemcoreAgreement:
    """Copy `export` into `work`, run `clem score`, `clem eval` and `clem transcribe` there, and compare."""
    results = work / "results"
    shutil.copytree(export, results)
    found = ClemcoreAgreement(str(export))
    before = {path.relative_to(results): (_scores(path), path.stat().st_mtime_ns) for path in _score_files(results)}
    table = _table(results)
    games = sorted({path.parts[1] for path in before} & set(GAMES))
    for game in games:
        _clem("score", "-g", game, "-r", results)
    _clem("eval", "-r", results)
    _clem("transcribe", "-r", results)
    found.episodes = len(before)
    found.transcribed = len(list(results.rglob("transcript.html")))
    for path, (scores, written) in before.items():
        found.scored += (results / path).stat().st_mtime_ns != written
        now = _scores(results / path)
        for kind, number, name in _names(scores, now):
            own, theirs = scores[kind].get(number, {}), now[kind].get(number, {})
            if name in OURS and name not in theirs:
                continue
            found.numbers += 1
            found.compare(f"{path}: {kind} {number} {name}", own.get(name), theirs.get(name))
    evaluated = _table(results)
    for model in sorted(table.keys() | evaluated.keys()):
        for column in table.get(model, {}).keys() | evaluated.get(model, {}).keys():
            found.cells += 1
            cells = [rows.get(model, {}).get(column) or None for rows in (table, evaluated)]
            found.compare(f"results.csv: {model}: {column}", *cells)
    return found


def _clem(*words: object) -> None:
    subprocess.run([CLEM, *map(str, words)], cwd=CHECKOUT, check=True, capture_output=True, timeout=3600)


def _score_files(results: Path) -> Iterator[Path]:
    return results.rglob("scores.json")


def _scores(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    data = json.loads(path.read_text(encoding="utf-8"))
    rounds = data.get("turn scores") or data.get("round scores") or {}
    return {"episode": {"": data["episode scores"]}, "round": {str(number): scores for number, scores in rounds.items()}}


def _names(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    for kind in ("episode", "round"):
        for number in sorted(before[kind].keys() | after[kind].keys()):
            for name in sorted(before[kind].get(number, {}).keys() | after[kind].get(number, {}).keys()):
                yield kind, number, name


def _table(results: Path) -> dict[str, dict[str, str]]:
    with (results / "results.csv").open(encoding="utf-8", newline="") as file:
        return {row.pop(""): row for row in csv.DictReader(file)}


def _number(value: Any) -> Any:
    """Return a number, or what a game keeps in place of one as it is."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    return None if math.isnan(number) else number


def _alike(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=0, abs_tol=1e-9)
    return bool(first == second)


def main() -> int:
    """Check each export that is named."""
    if not (CLEM and CHECKOUT and sys.argv[1:]):
        print(__doc__)
        return 2
    differing = 0
    for export in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as work:
            found = check(Path(export), Path(work))
        print(json.dumps(asdict(found), ensure_ascii=False))
        differing += found.differing
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
