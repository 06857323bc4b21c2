"""Makes `resources/clues.tsv`, a clue for each target, out of the glosses of WordNet 3.0 (Debian's wordnet-base).

The gloss of the word's most frequent sense is taken, cut at its first semicolon. One that holds the word, or a word of the
same stem, gives way to that of the next sense. python -m clemsim_arenas.fiveletters.build_clues /usr/share/wordnet
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import snowballstemmer

RESOURCES = Path(__file__).parent / "resources"
PARTS = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
LONGEST, SHORTEST = 90, 10  # characters
_STEM = snowballstemmer.stemmer("english").stemWord
# Glosses that only point elsewhere, and what no game should say.
_USELESS = re.compile(r"\b(used (to|as)|form of|same as|slang|offensive|derogatory|vulgar|sexual)\b|[:\"`]", re.IGNORECASE)

Sense = tuple[int, int, str, int]  # minus how often it was tagged, its number, its part of speech, its place in the data


def senses(folder: Path) -> dict[str, list[Sense]]:
    """The senses of every word of five letters, the most frequent first."""
    tagged = _tagged(folder / "cntlist.rev")
    found: dict[str, list[Sense]] = {}
    for part, number in PARTS.items():
        for line in (folder / f"index.{part}").read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if line.startswith(" ") or len(fields[0]) != 5 or not fields[0].isalpha():
                continue
            places = fields[-int(fields[2]) :]
            for index, place in enumerate(places, 1):
                often = tagged.get((fields[0], number, index), 0)
                found.setdefault(fields[0], []).append((-often, index, part, int(place)))
    return {word: sorted(some) for word, some in found.items()}


def _tagged(path: Path) -> dict[tuple[str, str, int], int]:
    """How often each sense was tagged, by word, part of speech and number of the sense."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, sense, count = line.split()
        word, _, rest = key.partition("%")
        found[word, "3" if rest[0] == "5" else rest[0], int(sense)] = int(count)
    return found


def clue(word: str, senses_: list[Sense], data: dict[str, bytes]) -> str | None:
    """The first gloss that gives nothing away."""
    return next((gloss for sense in senses_ for gloss in _glosses(sense, data) if fits(word, gloss)), None)


def _glosses(sense: Sense, data: dict[str, bytes]) -> Iterator[str]:
    _, _, part, place = sense
    line = data[part][place : data[part].index(b"\n", place)].decode()
    gloss = line.split("|", 1)[1].split(";")[0]
    yield " ".join(re.sub(r"\([^)]*\)", " ", gloss).split()).strip(" ,")


def fits(word: str, gloss: str) -> bool:
    """Whether a gloss can stand as a clue."""
    if not SHORTEST <= len(gloss) <= LONGEST or _USELESS.search(gloss):
        return False
    said = re.findall(r"[a-z]+", gloss.lower())
    return len(said) > 1 and not any(_akin(each, word) for each in said)


def _akin(one: str, other: str) -> bool:
    """Whether two words may be of one family, as angry and anger are."""
    return _STEM(one) == _STEM(other) or other in one or (len(one) > 3 and one[:3] == other[:3])


def main() -> None:
    """Write `resources/clues.tsv`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of WordNet's files")
    folder = parser.parse_args().folder
    known = senses(folder)
    data = {part: (folder / f"data.{part}").read_bytes() for part in PARTS}
    words = [line.split("\t")[0] for line in (RESOURCES / "targets.tsv").read_text(encoding="utf-8").splitlines()]
    rows = [(word, found) for word in words if (found := clue(word, known.get(word, []), data))]
    (RESOURCES / "clues.tsv").write_text("".join(f"{word}\t{text}\n" for word, text in rows), encoding="utf-8")
    print(f"{len(rows)} of {len(words)} targets have a clue")


if __name__ == "__main__":
    main()
