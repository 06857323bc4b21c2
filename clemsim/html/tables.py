"""Tables whose content is known before the page: cells of text, some of which lead somewhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to an address."""

    text: str
    address: str


Cell = str | Link


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table under a heading, with a note below it. `texts`: the columns (from 0) that hold text; others hold numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    texts: Collection[int] = (0,)
