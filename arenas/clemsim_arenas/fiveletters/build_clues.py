"""Make `resources/clues.tsv`, a clue for each target, from the glosses of WordNet 3.0 (Debian's wordnet-base).

The clue is the gloss of the word's most frequent sense, cut at its first semicolon. Where that holds the word, or a word of
the same stem, the next sense is taken. Usage: python -m clemsim_arenas.fiveletters.build_clues /usr/share/wordnet
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from nltk.stem.snowball import EnglishStemmer

RESOURCES = Path(__file__).parent / "resources"
PARTS = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
LONGEST, SHORTEST = 90, 10  # characters
_STEM = EnglishStemmer().stem
# Glosses that only refer to another word, and words that no game should use.
_USELESS = re.compile(r"\b(used (to|as)|form of|same as|slang|offensive|derogatory|vulgar|sexual)\b|[:\"`]", re.IGNORECASE)

RankedSense = tuple[int, int, str, int]  # minus its frequency, its number, its part of speech, its offset in the data file


def senses(folder: Path) -> dict[str, list[RankedSense]]:
    """Return the senses of every word of five letters, the most frequent first."""
    frequencies = _frequencies(folder / "cntlist.rev")
    by_word: dict[str, list[RankedSense]] = {}
    for part, number in PARTS.items():
        for line in (folder / f"index.{part}").read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if line.startswith(" ") or len(fields[0]) != 5 or not fields[0].isalpha():
                continue
            offsets = fields[-int(fields[2]) :]
            for index, offset in enumerate(offsets, 1):
                frequency = frequencies.get((fields[0], number, index), 0)
                by_word.setdefault(fields[0], []).append((-frequency, index, part, int(offset)))
    return {word: sorted(ranked) for word, ranked in by_word.items()}


def _frequencies(path: Path) -> dict[tuple[str, str, int], int]:
    """How often each sense occurs in WordNet's tagged texts, by word, part of speech and number of the sense."""
    counts = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, sense, count = line.split()
        word, _, rest = key.partition("%")
        counts[word, "3" if rest[0] == "5" else rest[0], int(sense)] = int(count)
    return counts


def clue(word: str, senses_: list[RankedSense], data: dict[str, bytes]) -> str | None:
    """Return the first gloss that can be a clue; `data` holds the data file of each part of speech."""
    return next((gloss for sense in senses_ for gloss in _glosses(sense, data) if fits(word, gloss)), None)


def _glosses(sense: RankedSense, data: dict[str, bytes]) -> Iterator[str]:
    _, _, part, offset = sense
    line = data[part][offset : data[part].index(b"\n", offset)].decode()
    gloss = line.split("|", 1)[1].split(";")[0]
    yield " ".join(re.sub(r"\([^)]*\)", " ", gloss).split()).strip(" ,")


def fits(word: str, gloss: str) -> bool:
    """Return whether `gloss` can be a clue to `word`."""
    if not SHORTEST <= len(gloss) <= LONGEST or _USELESS.search(gloss):
        return False
    words = re.findall(r"[a-z]+", gloss.lower())
    return len(words) > 1 and not any(_related(other, word) for other in words)


def _related(one: str, other: str) -> bool:
    """Whether two words may be of one family, such as angry and anger."""
    return _STEM(one) == _STEM(other) or other in one or (len(one) > 3 and one[:3] == other[:3])


def main() -> None:
    """Write `resources/clues.tsv`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of WordNet's files")
    folder = parser.parse_args().folder
    known = senses(folder)
    data = {part: (folder / f"data.{part}").read_bytes() for part in PARTS}
    words = [line.split("\t")[0] for line in (RESOURCES / "targets.tsv").read_text(encoding="utf-8").splitlines()]
    rows = [(word, text) for word in words if (text := clue(word, known.get(word, []), data))]
    (RESOURCES / "clues.tsv").write_text("".join(f"{word}\t{text}\n" for word, text in rows), encoding="utf-8")
    print(f"{len(rows)} of {len(words)} targets have a clue")


if __name__ == "__main__":
    main()
