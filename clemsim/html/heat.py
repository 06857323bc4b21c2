"""Heat maps as tables: the shade of a cell says about the same as its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STEPS = 10


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A score of 0 to 100, and the address that it leads to; `about`: more of it in words."""

    value: float | None
    address: str = ""
    about: str = ""

    @property
    def shade(self) -> str:
        """The class of the cell: heat-0 to heat-10; empty where there is no value."""
        return "" if self.value is None else f"heat-{round(STEPS * min(100.0, max(0.0, self.value)) / 100)}"


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row: its name, the address that it leads to, and its cells by column."""

    name: str
    address: str
    cells: Mapping[str, HeatCell]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A table of scores under a caption."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[HeatRow]
