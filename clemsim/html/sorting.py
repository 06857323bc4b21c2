"""The heads of tables that are sorted by a click on a column: links, so that they need no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol


class SortAddress(Protocol):
    """Returns the address of the page sorted by a column."""

    def __call__(self, sort: str, /, *, descending: bool) -> str: ...


class SortColumn(NamedTuple):
    """A column that can be sorted: its text, whether it holds numbers, and whether the greatest come first."""

    text: str
    numeric: bool = False
    greatest_first: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column. `address`: the page sorted by it; where it is by it already, the other way round.
    `sorted`: how it is sorted now, as `aria-sort` has it; empty: by another column.
    """

    text: str
    numeric: bool
    address: str
    sorted: Literal["", "ascending", "descending"] = ""


def sort_heads(columns: Mapping[str, SortColumn], sort: str, *, descending: bool, address: SortAddress) -> list[Head]:
    """Return the heads of columns, by what sorts."""
    made = []
    for name, column in columns.items():
        current = name == sort
        other = not descending if current else column.greatest_first
        way: Literal["ascending", "descending"] = "descending" if descending else "ascending"
        made.append(Head(column.text, column.numeric, address(name, descending=other), way if current else ""))
    return made
