"""Tables of pages, and results for notebooks. Names and texts come from tables and stores of others; all are escaped."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clemsim.analysis.writing.tables import cell_text, heading
from clemsim.html.environment import render
from clemsim.html.tables import Sheet


def sheet_of(frame: pl.DataFrame, title: str) -> Sheet:
    """Return a frame as a table of a page."""
    names = frame.columns
    rows = [[cell_text(value, name) for value, name in zip(row, names, strict=True)] for row in frame.iter_rows()]
    texts = {place for place, kind in enumerate(frame.dtypes) if not kind.is_numeric()}
    return Sheet(title, list(map(heading, names)), rows, texts=texts)


def notebook_html(
    heads: Sequence[str], sentences: Sequence[str], frames: Sequence[pl.DataFrame], notes: Sequence[str]
) -> str:
    """Return a result for a notebook: bold lines, sentences, tables and a list of notes."""
    sheets = [sheet_of(frame, heads[0]) for frame in frames]
    return render("notebook.html", heads=heads, sentences=sentences, sheets=sheets, notes=notes)
