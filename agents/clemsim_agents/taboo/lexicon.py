"""The dictionary that the scripted players of taboo share: clues for words, and words for clues."""

from __future__ import annotations

import math
import re
import string
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import snowballstemmer

GUESSES = 5
COMMON_SHARE = 0.1
LENGTH_WEIGHT, RANK_WEIGHT = 0.1, 0.02
HINT = re.compile(r"a word of (\d+) letters that begins with ([a-z])")

_STEMMER = snowballstemmer.stemmer("english")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@cache
def _stem_plain(token: str) -> str:
    return str(_STEMMER.stemWord(token))


def stem(token: str) -> str:
    """The Snowball stem of a token, lower-cased and without ASCII punctuation."""
    return _stem_plain(token.lower().translate(_PUNCTUATION))


def stems(text: str) -> Iterator[str]:
    """The stems of a text's tokens that are more than punctuation."""
    return (found for token in text.split() if (found := stem(token)))


def hint(word: str) -> str:
    """The clue for a word of which nothing else can be said."""
    return f"a word of {len(word)} letters that begins with {word[:1].lower()}"


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Words in order of their frequency, each with its clues, and an index from stems to word numbers."""

    entries: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]
    index: Mapping[str, tuple[int, ...]]
    norms: tuple[float, ...]

    def clues(self, word: str, forbidden: Collection[str]) -> list[str]:
        """The clues of a word, in order, without the tokens that share a stem with a forbidden word."""
        banned = {found for other in forbidden for found in stems(other)}
        kept = (_without(clue, banned) for clue in self.entries.get(word.lower(), ()))
        return [clue for clue in kept if clue] or [hint(word)]

    def guesses(self, clues: Sequence[str], tried: Collection[str] = ()) -> list[str]:
        """The five words that fit all the clues best, best first, none of them tried or said in a clue."""
        said = {found for clue in clues for found in stems(HINT.sub("", clue.lower()))}
        scores = self._scores(said)
        for clue in clues:
            for length, letter in HINT.findall(clue.lower()):
                for number in self._fitting(int(length), letter):
                    scores[number] += 100.0
        closed = said | {stem(word) for word in tried}
        ranked = sorted(scores, key=lambda number: (-scores[number], number))
        found = (self.words[number] for number in _chain(ranked, range(len(self.words))))
        return _first(found, closed)

    def _scores(self, said: Collection[str]) -> dict[int, float]:
        scores: dict[int, float] = defaultdict(float)
        for found in sorted(said):
            numbers = self.index.get(found, ())
            weight = math.log(len(self.words) / (1 + len(numbers)))
            for number in numbers:
                scores[number] += weight / self.norms[number]
        return scores

    def _fitting(self, length: int, letter: str) -> Iterator[int]:
        return (n for n, word in enumerate(self.words) if len(word) == length and word[0] == letter)


def _chain(ranked: Sequence[int], rest: Iterable[int]) -> Iterator[int]:
    yield from ranked
    known = set(ranked)
    yield from (number for number in rest if number not in known)


def _first(words: Iterable[str], closed: Collection[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if stem(word) not in closed:
            found.append(word)
        if len(found) == GUESSES:
            break
    return found


def _without(clue: str, banned: Collection[str]) -> str:
    kept = [token for token in clue.split() if stem(token) and stem(token) not in banned]
    return " ".join(kept).strip(" ;:,")


def build(entries: Mapping[str, tuple[str, ...]]) -> Lexicon:
    """The lexicon of these words and clues."""
    words = tuple(entries)
    held = [frozenset(found for clue in clues for found in stems(clue)) for clues in entries.values()]
    counts = Counter(found for entry in held for found in entry)
    rare = {found for found, count in counts.items() if count < max(5, COMMON_SHARE * len(words))}
    index: dict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(held):
        for found in entry & rare:
            index[found].append(number)
    _link(words, held, index)
    norms = tuple(
        max(1, len(entry & rare)) ** LENGTH_WEIGHT * (1 + RANK_WEIGHT * math.log(1 + rank))
        for rank, entry in enumerate(held)
    )
    return Lexicon(entries, words, {found: tuple(numbers) for found, numbers in index.items()}, norms)


def _link(words: Sequence[str], held: Sequence[frozenset[str]], index: dict[str, list[int]]) -> None:
    """Adds to the index, for each word, the words that its own clues name."""
    places = {stem(word): number for number, word in reversed(list(enumerate(words)))}
    for word, entry in zip(words, held, strict=True):
        own = index[stem(word)]
        known = set(own)
        own += sorted({places[found] for found in entry if found in places} - known)


@cache
def load() -> Lexicon:
    """The lexicon of lexicon.tsv, read once."""
    lines = (Path(__file__).parent / "lexicon.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return build({word: tuple(clues) for word, *clues in rows})
