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

from clemsim_arenas.taboo import game

GUESSES = 5
COMMON_SHARE = 0.1
LENGTH_WEIGHT, RANK_WEIGHT = 0.1, 0.02
HINT = re.compile(r"a word of (\d+) letters that begins with ([a-z])")

_PUNCTUATION = str.maketrans("", "", string.punctuation)


@cache
def _stem_plain(token: str) -> str:
    return game.stem(token)


def stem(token: str) -> str:
    """Return the Snowball stem of a token, lower-cased and without ASCII punctuation."""
    return _stem_plain(token.lower().translate(_PUNCTUATION))


def stems(text: str) -> Iterator[str]:
    """Return the stems of a text's tokens that are more than punctuation."""
    return (stemmed for token in text.split() if (stemmed := stem(token)))


def hint(word: str) -> str:
    """Return the clue for a word of which nothing else is known."""
    return f"a word of {len(word)} letters that begins with {word[:1].lower()}"


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Words in order of their frequency, each with its clues, and an index from stems to word numbers."""

    entries: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]
    index: Mapping[str, tuple[int, ...]]
    norms: tuple[float, ...]

    def clues(self, word: str, forbidden: Collection[str]) -> list[str]:
        """Return the clues of a word, in order, without the tokens that share a stem with a forbidden word."""
        banned = {banned_stem for other in forbidden for banned_stem in stems(other)}
        kept = (_without(clue, banned) for clue in self.entries.get(word.lower(), ()))
        return [clue for clue in kept if clue] or [hint(word)]

    def guesses(self, clues: Sequence[str], tried: Collection[str] = ()) -> list[str]:
        """Return the five words that fit all the clues best, best first, none of them tried or named in a clue."""
        clue_stems = {clue_stem for clue in clues for clue_stem in stems(HINT.sub("", clue.lower()))}
        scores = self._scores(clue_stems)
        for clue in clues:
            for length, letter in HINT.findall(clue.lower()):
                for number in self._fitting(int(length), letter):
                    scores[number] += 100.0
        closed = clue_stems | {stem(word) for word in tried}
        ranked = sorted(scores, key=lambda number: (-scores[number], number))
        candidates = (self.words[number] for number in _chain(ranked, range(len(self.words))))
        return _first(candidates, closed)

    def _scores(self, clue_stems: Collection[str]) -> dict[int, float]:
        scores: dict[int, float] = defaultdict(float)
        for clue_stem in sorted(clue_stems):
            numbers = self.index.get(clue_stem, ())
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
    guesses: list[str] = []
    for word in words:
        if stem(word) not in closed:
            guesses.append(word)
        if len(guesses) == GUESSES:
            break
    return guesses


def _without(clue: str, banned: Collection[str]) -> str:
    kept = [token for token in clue.split() if stem(token) and stem(token) not in banned]
    return " ".join(kept).strip(" ;:,")


def build(entries: Mapping[str, tuple[str, ...]]) -> Lexicon:
    """Build the lexicon of these words and clues."""
    words = tuple(entries)
    held = [frozenset(key for clue in clues for key in stems(clue)) for clues in entries.values()]
    counts = Counter(key for entry in held for key in entry)
    rare = {key for key, count in counts.items() if count < max(5, COMMON_SHARE * len(words))}
    index: dict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(held):
        for key in entry & rare:
            index[key].append(number)
    _link(words, held, index)
    norms = tuple(
        max(1, len(entry & rare)) ** LENGTH_WEIGHT * (1 + RANK_WEIGHT * math.log(1 + rank))
        for rank, entry in enumerate(held)
    )
    return Lexicon(entries, words, {key: tuple(numbers) for key, numbers in index.items()}, norms)


def _link(words: Sequence[str], held: Sequence[frozenset[str]], index: dict[str, list[int]]) -> None:
    """Add to the index, for each word, the words that its own clues name."""
    places = {stem(word): number for number, word in reversed(list(enumerate(words)))}
    for word, entry in zip(words, held, strict=True):
        own = index[stem(word)]
        known = set(own)
        own += sorted({places[key] for key in entry if key in places} - known)


@cache
def load() -> Lexicon:
    """Return the lexicon of lexicon.tsv, read once."""
    lines = (Path(__file__).parent / "lexicon.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return build({word: tuple(clues) for word, *clues in rows})
