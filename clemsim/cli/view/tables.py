"""The style of the tables in the terminal."""

from __future__ import annotations

from rich.box import HORIZONTALS
from rich.table import Table as RichTable

from clemsim._util.text import plain


def ruled_table(title: str = "", *, title_style: str = "", edges: bool = True, row_lines: bool = False) -> RichTable:
    """Return a table without columns yet, ruled by horizontal lines alone; `edges`: also above and below it."""
    table = RichTable(
        title=plain(title) if title else None,
        title_justify="left",
        title_style=title_style,
        box=HORIZONTALS,
        padding=(0, 1, 0, 0),
        show_lines=row_lines,
    )
    if not edges:
        table.pad_edge = table.show_edge = False
    return table
