"""Untrusted text made safe for a terminal and for a spreadsheet."""

from __future__ import annotations

import unicodedata

from rich.text import Text

# Controls, formats (bidirectional overrides among them), surrogates and private use; a line break is kept.
_UNSAFE = {"Cc", "Cf", "Cs", "Co"}

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what formulas begin with, in one spreadsheet or another


def safe(text: str, most: int | None = None) -> str:
    """Return the text, cut to `most` characters, with each character that could control a terminal written as `\\x1b`."""
    cut = text if most is None or len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
    return cut if cut.isascii() and cut.isprintable() else cut.translate(_ESCAPES)


def plain(text: str, style: str = "", most: int | None = None) -> Text:
    """Return safe text that rich does not read as markup."""
    return Text(safe(text, most), style=style)


class _Escapes(dict[int, str]):
    """What is written for each character, by its code; those that were seen once are looked up fast."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = char == "\n" or unicodedata.category(char) not in _UNSAFE
        self[code] = written = char if kept else char.encode("unicode_escape").decode()
        return written


_ESCAPES = _Escapes()


def csv_cell(value: object) -> object:
    """Return a cell of a CSV file: a text that a spreadsheet would take for a formula begins with a quote instead."""
    if isinstance(value, str) and value.startswith(FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
