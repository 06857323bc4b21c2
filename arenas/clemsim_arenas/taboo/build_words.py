"""Check the target words of taboo (`resources/words.jsonl`) and write them back sorted, one per line.

The list is written by hand; this script, which needs `pip install wordfreq`, reports what is wrong with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wordfreq import zipf_frequency

from clemsim_arenas.taboo.game import stem

BANDS: dict[str, tuple[float, float]] = {"high": (5.0, 9.0), "medium": (4.0, 5.0), "low": (2.8, 4.0)}
WORDS = Path(__file__).parent / "resources" / "words.jsonl"
LEAST = 120  # words of each band

Entry = dict[str, Any]


def band_of(word: str) -> str:
    """Return the frequency band of `word`, or "none" where it is too rare."""
    zipf = zipf_frequency(word, "en")
    return next((band for band, (low, high) in BANDS.items() if low <= zipf < high), "none")


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries sorted by band and word, their keys in order and their bands computed."""
    complete = [{"word": e["word"], "band": band_of(e["word"]), "related": list(e["related"])} for e in entries]
    order = [*BANDS, "none"]
    return sorted(complete, key=lambda entry: (order.index(entry["band"]), entry["word"]))


def faults(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with one entry."""
    word, related = entry["word"], entry["related"]
    if entry["band"] not in BANDS:
        yield "too rare"
    if len(word) < 4:
        yield "shorter than 4 letters"
    if len(related) != 3 or len({stem(w) for w in [word, *related]}) != 4:
        yield "needs three related words, all of different stems"
    for other in [word, *related]:
        if not (other.isascii() and other.isalpha() and other.islower() and len(other) > 2):
            yield f"{other!r} is not a lower-case word of 3 letters or more"
    for other in related:
        if word in other or other in word:
            yield f"{other!r} and the word contain one another"


def check(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what is wrong with the list, one line per fault."""
    for entry in entries:
        yield from (f"{entry['word']}: {fault}" for fault in faults(entry))
    for word, count in Counter(entry["word"] for entry in entries).items():
        if count > 1:
            yield f"{word}: {count} times in the list"
    sizes = Counter(entry["band"] for entry in entries)
    yield from (f"band {band}: {sizes[band]} words, {LEAST} needed" for band in BANDS if sizes[band] < LEAST)


def main() -> int:
    """Check the file, and rewrite it where nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=WORDS, help="the list (default: %(default)s)")
    path: Path = parser.parse_args().path
    lines = path.read_text(encoding="utf-8").splitlines()
    entries = in_order([json.loads(line) for line in lines if line])
    problems = list(check(entries))
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    print(dict(Counter(entry["band"] for entry in entries)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
