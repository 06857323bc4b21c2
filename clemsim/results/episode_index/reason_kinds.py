"""Reasons folded into kinds: two that differ only in quoted text or in numbers are of one kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


@lru_cache(maxsize=4096)
def variables(reason: str) -> tuple[str, ...]:
    """Return what `kind_of` leaves out of a reason, in order."""
    return tuple(_VARIABLE.findall(reason))


def shared_reason(example: str, alike: Sequence[bool]) -> str:
    """Return the kind of a reason, with those variables filled in that are `alike` in all reasons that it stands for."""
    marks = iter(alike)
    return _cut(_VARIABLE.sub(lambda found: found[0] if next(marks, False) else _folded(found), example))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + ANY


def _folded(found: re.Match[str]) -> str:
    quote = found[0][0]
    return ANY if quote.isdigit() else f"{quote}{ANY}{quote}"
