"""The style of the tables in the terminal, and of the numbers in them."""

from __future__ import annotations

from collections.abc import Callable

from rich.box import HORIZONTALS
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.results.intervals import Interval


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


def with_interval(
    value: float | None, interval: Interval | None, form: Callable[[float], str], span: Callable[[Interval], str]
) -> Text:
    """Return a number with its interval below it, each in its form; a dash where there is none."""
    if value is None:
        return Text("–", "dim")
    text = Text(form(value))
    if interval:
        text.append(f"\n{span(interval)}", "not bold dim")
    return text
