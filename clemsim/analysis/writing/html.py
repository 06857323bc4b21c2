"""Parts of HTML: tables, lists and paragraphs. Names and texts come from tables and stores of others; all are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import polars as pl

from clemsim.analysis.writing.tables import cell_text, heading

LONG = 48  # characters; a longer cell is wrapped


def table_html(frame: pl.DataFrame) -> str:
    """Return a frame as a table. Cells have the class `number` or `long` where they are that."""
    kinds = ["number" if dtype.is_numeric() else "" for dtype in frame.dtypes]
    names = frame.columns
    head = "".join(f'<th class="{kind}">{escape(heading(name))}</th>' for name, kind in zip(names, kinds, strict=True))
    rows = "".join(f"<tr>{_cells(row, names, kinds)}</tr>" for row in frame.iter_rows())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def list_html(items: Sequence[str]) -> str:
    """Return texts as an unordered list."""
    return f'<ul class="left">{"".join(f"<li>{escape(item)}</li>" for item in items)}</ul>'


def paragraphs_html(texts: Sequence[str], tag: str = "") -> str:
    """Return a paragraph for each text; its content lies in an element `tag` where one is given."""
    opening, closing = (f"<{tag}>", f"</{tag}>") if tag else ("", "")
    return "".join(f"<p>{opening}{escape(text)}{closing}</p>" for text in texts)


def _cells(row: Sequence[object], names: Sequence[str], kinds: Sequence[str]) -> str:
    cells = []
    for value, name, kind in zip(row, names, kinds, strict=True):
        text = cell_text(value, name)
        cells.append(f'<td class="{kind or ("long" if len(text) > LONG else "")}">{escape(text)}</td>')
    return "".join(cells)
