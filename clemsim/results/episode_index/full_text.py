"""What a user types in a search box as a query of SQLite's FTS5 that cannot be wrong."""

from __future__ import annotations

import re
from typing import Literal, get_args

from clemsim.errors import UsageError

TextIn = Literal["dialogue", "said", "thoughts"]
COLUMNS: dict[str, str] = {"dialogue": "{asked said}", "said": "{said}", "thoughts": "{thought}"}
MOST_WORDS, LONGEST = 50, 1000

_PIECE = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_WORD = re.compile(r"[^\W_]")

assert set(get_args(TextIn)) == set(COLUMNS)


def match_expression(text: str, within: TextIn = "dialogue") -> str:
    """Return the FTS5 expression: all words and "quoted phrases", in any order; an asterisk at the end of one: so it begins.

    Raises UsageError for a text without words, and for one that is too long.
    """
    phrases = []
    for quoted, star, bare in _PIECE.findall(text.replace("\0", " ")):
        phrase = quoted or bare
        if _WORD.search(phrase):
            begins = bool(star) or (bool(bare) and bare.endswith("*"))
            phrases.append(f'"{phrase}"{" *" if begins else ""}')
    if not phrases:
        raise UsageError(f'there is no word to look for in {text!r}: give some words, or a "quoted phrase"')
    if len(phrases) > MOST_WORDS or len(text) > LONGEST:
        raise UsageError(f"that is too much to look for: give at most {MOST_WORDS} words of {LONGEST} characters together")
    return f"{COLUMNS[within]} : ({' AND '.join(phrases)})"
