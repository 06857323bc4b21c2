"""What the pages of stress tests share: their style, their frame and their tables. All text from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.86rem; }
th, td { text-align: right; padding: 0.2rem 0.6rem; border-bottom: 1px solid #eee; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { border-bottom: 1px solid #999; }
.wide { overflow-x: auto; } .sentences li { margin: 0.3rem 0; } .note { color: #555; font-size: 0.86rem; }
svg { max-width: 100%; height: auto; } .guilty { color: #b00020; font-weight: bold; }
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to a file, given by its path relative to the page."""

    text: str
    path: str


Cell = str | Link


def page(title: str, parts: Iterable[str], style: str = "") -> str:
    """Return a whole page of HTML; `title` and `parts` are HTML already, `style` comes after that of all pages."""
    head = f"<meta charset=utf-8><title>{title}</title><style>{STYLE}{style}</style>"
    body = "\n".join(parts)
    return f"<!doctype html>\n<html lang=en>{head}\n{body}\n</html>\n"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], note: str) -> str:
    """Return a table under a heading, with a note below it."""
    return f"<h2>{escape(title)}</h2>{bare_table(columns, rows)}<p class=note>{escape(note)}</p>"


def bare_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table without a heading."""
    top = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=wide><table><tr>{top}</tr>{lines}</table></div>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f'<a href="{escape(quote(cell.path))}">{escape(cell.text)}</a>'
