"""Tables as text: cells for people, CSV with every digit, LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from clemsim._util.text import csv_cell
from clemsim.analysis.results import ResultTable

SMALL = 0.001
NOTHING = 1e-9  # what is smaller is 0 but for the rounding of a computer
LATEX = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "²": "$^2$",
    "–": "--",
    "\n": " ",
}


def cell_text(value: Any, column: str = "") -> str:
    """Format a cell: two decimals, more for small numbers and p values, a dash for a missing value."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float() if value != value:
            return "–"
        case float():
            return _number(value, column)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def heading(column: str) -> str:
    """Return the heading of a column."""
    return column.replace("_", " ")


def csv_of(table: ResultTable, subset: Sequence[str] = ()) -> str:
    """Return the table as CSV, with every digit; the cell of a missing value is empty, and no text is a formula. A `subset`
    that the table is of is its last column.
    """
    frame = table.frame.with_columns(subset=pl.lit("; ".join(subset))) if subset else table.frame
    texts = [
        pl.Series(name, [csv_cell(cell) for cell in frame[name]], pl.String)
        for name, kind in frame.schema.items()
        if kind == pl.String
    ]
    return frame.with_columns(texts).rename(lambda name: str(csv_cell(name))).write_csv()


def latex_of(table: ResultTable, subset: Sequence[str] = ()) -> str:
    """Return the table as a LaTeX tabular with the rules of booktabs; comments state its title, its subset and the
    package.
    """
    names, dtypes = table.frame.columns, table.frame.dtypes
    align = "".join("r" if dtype.is_numeric() else "l" for dtype in dtypes)
    about = [table.title, *(f"subset: {text}" for text in subset)]
    lines = [
        *(f"% {_comment(text)}" for text in about),
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{align}}}",
        "\\toprule",
    ]
    lines += [" & ".join(latex_text(heading(name)) for name in names) + r" \\", "\\midrule"]
    for row in table.frame.iter_rows():
        lines.append(" & ".join(latex_text(cell_text(cell, name)) for name, cell in zip(names, row, strict=True)) + r" \\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", ""])


def latex_text(text: str) -> str:
    """Escape text for LaTeX."""
    return "".join(LATEX.get(char, char) for char in text)


def _comment(text: str) -> str:
    return " ".join(text.split())


def _number(value: float, column: str) -> str:
    if column == "p" or column.endswith(("_p", "p_holm")):
        return "< 0.001" if value < SMALL else f"{value:.3f}"
    size = abs(value)
    if size < NOTHING:
        return "0.00"
    if size >= 1e6 or 0 < size < 0.005:
        return f"{value:.2g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}"
