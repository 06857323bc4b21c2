"""Reasons folded into kinds: two that differ only in quoted text or in numbers are of one kind."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

ANY = "…"  # stands for what was left out
LONGEST = 160  # characters of a kind

_VARIABLE = re.compile(r"""(?<!\w)'(?:\\.|[^'\\])*'(?!\w)|"(?:\\.|[^"\\])*"|`[^`]*`|\d+(?:[.,:]\d+)*""")


@lru_cache(maxsize=4096)
def kind_of(reason: str) -> str:
    """Return the reason with … in place of quoted text and numbers.

    Quotes and apostrophes within words are kept.
    """
    return _cut(_VARIABLE.sub(_folded, reason))


def shared_reason(reasons: Collection[str]) -> str:
    """Return the kind of some reasons of one kind, with the quoted text and the numbers that all of them have filled in."""
    first = next(iter(reasons))
    variables = zip(*map(_VARIABLE.findall, reasons), strict=False)
    alike = iter([len(set(found)) == 1 for found in variables])
    return _cut(_VARIABLE.sub(lambda found: found[0] if next(alike, False) else _folded(found), first))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + ANY


def _folded(found: re.Match[str]) -> str:
    quote = found[0][0]
    return ANY if quote.isdigit() else f"{quote}{ANY}{quote}"
