"""Marks the words of a search where they stand in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from clemsim._util.text import safe

WORD = re.compile(r"[^\W_]+")
PHRASE = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
MARK = Markup("<mark>{}</mark>")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other, folded. `open_end`: the last one need only begin so."""

    words: tuple[str, ...]
    open_end: bool = False

    def begins_at(self, place: int, words: Sequence[str]) -> bool:
        """Return whether it stands at a place among the words of a text."""
        found = words[place : place + len(self.words)]
        if len(found) < len(self.words):
            return False
        *before, last = self.words
        return list(found[:-1]) == before and (found[-1].startswith(last) if self.open_end else found[-1] == last)


class Marker:
    """Marks what a search looks for: words and "quoted phrases"; an asterisk at the end of one: so it begins."""

    def __init__(self, search: str = "") -> None:
        """Look for nothing where `search` is empty."""
        self._phrases = list(_phrases(search))

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def __call__(self, text: str) -> Markup:
        """Return a text for a page, in which what is looked for is marked."""
        if not self._phrases:
            return escape(safe(text))
        made, end = [], 0
        for begin, stop in self._spans(text):
            made += [escape(safe(text[end:begin])), MARK.format(safe(text[begin:stop]))]
            end = stop
        return Markup("").join([*made, escape(safe(text[end:]))])

    def finds(self, text: str) -> bool:
        """Return whether something that is looked for stands in a text."""
        return bool(self._phrases) and next(self._spans(text), None) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield begin and end of what is found, in order and apart from each other."""
        places = [(found.start(), found.end()) for found in WORD.finditer(text)]
        words = [_folded(text[begin:end]) for begin, end in places]
        place = 0
        while place < len(words):
            length = max((len(own.words) for own in self._phrases if own.begins_at(place, words)), default=0)
            if length:
                yield places[place][0], places[place + length - 1][1]
            place += length or 1


def _phrases(search: str) -> Iterator[Phrase]:
    for quoted, star, bare in PHRASE.findall(search):
        words = tuple(_folded(word) for word in WORD.findall(quoted or bare))
        if words:
            yield Phrase(words, bool(star) or bare.endswith("*"))


def _folded(word: str) -> str:
    """Return a word without case and diacritics, as the index has it."""
    if word.isascii():
        return word.lower()
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char)).lower()
