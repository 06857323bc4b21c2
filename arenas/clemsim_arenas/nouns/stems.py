"""Stems of words in several languages, by NLTK's Snowball stemmers (Porter 2001)."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

LANGUAGES = {"en": "english", "de": "german", "it": "italian"}


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """Return the stem of a word, in lower case. Raises KeyError for a language that is not in `LANGUAGES`."""
    stemmed: str = _stemmer(language).stem(word)
    return stemmed


@cache
def _stemmer(language: str) -> Any:
    from nltk.stem.snowball import SnowballStemmer  # noqa: PLC0415 (takes a second, which only players of such games pay)

    return SnowballStemmer(LANGUAGES[language])
