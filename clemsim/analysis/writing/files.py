"""Writes the folder of `clemsim analyze`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import wrap
from typing import Any

import polars as pl

from clemsim._util.files import write_json, write_text, writing_file
from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.writing.page import page
from clemsim.analysis.writing.pictures import KINDS, write_picture
from clemsim.analysis.writing.tables import csv_of, latex_of
from clemsim.html.palette import SOFT

REPORT, NUMBERS = "report.html", "analysis.json"
WIDTH = 110  # characters of a line above a figure

Tell = Callable[[str], None]


def write(
    analyses: Sequence[Analysis],
    left_out: Sequence[str],
    title: str,
    folder: Path,
    kinds: Sequence[str] = KINDS,
    tell: Tell = print,
    subset: Sequence[str] = (),
    places: Sequence[str] = (),
) -> None:
    """Write `tables/` (CSV and LaTeX), `figures/`, `report.html` and `analysis.json`, over an earlier analysis.

    `kinds`: the formats of the figures; empty: none. `tell` is called with each step. `subset`: what was chosen of models
    and games, in words; each file says so, a CSV in a column of its own, and `tables/notes.csv` holds it with what was left
    out. `places`: the runs and studies behind it, which the page tells how to look at. Raises StoreError where the folder
    cannot be written.
    """
    analyses = [_with_subset(analysis, subset) for analysis in analyses] if subset else analyses
    with writing_file(folder):
        for part in ("tables", "figures"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for analysis in analyses:
            for table in analysis.tables:
                write_text(folder / "tables" / f"{table.name}.csv", csv_of(table, subset))
                write_text(folder / "tables" / f"{table.name}.tex", latex_of(table, subset))
            for figure in analysis.figures if kinds else ():
                tell(f"drawing {figure.name}")
                write_picture(figure, folder / "figures", kinds)
        write_text(folder / "tables" / "notes.csv", csv_of(_notes(analyses, left_out, subset)))
        tell(f"writing {folder / REPORT}")
        write_text(folder / REPORT, page(title, analyses, left_out, subset, places))
        write_json(folder / NUMBERS, as_json(analyses, left_out, subset))


def as_json(analyses: Sequence[Analysis], left_out: Sequence[str], subset: Sequence[str] = ()) -> dict[str, Any]:
    """Return sentences and tables with every digit; a missing value is null. `subset`: what was chosen, empty for all."""
    return {
        "subset": list(subset),
        "analyses": {
            analysis.key: {
                "title": analysis.title,
                "sentences": list(analysis.sentences),
                "tables": {table.name: table.frame.to_dicts() for table in analysis.tables},
                "left_out": list(analysis.left_out),
            }
            for analysis in analyses
        },
        "left_out": list(left_out),
    }


def _with_subset(analysis: Analysis, subset: Sequence[str]) -> Analysis:
    """Return the analysis with figures that say which subset they show."""
    text = wrap(f"Subset: {'; '.join(subset)}", WIDTH)
    title = {"text": text, "anchor": "start", "fontSize": 11, "fontWeight": "normal", "color": SOFT}
    figures = []
    for figure in analysis.figures:
        about = f"{figure.specification.get('description') or figure.title} {' '.join(text)}."
        figures.append(replace(figure, specification={**figure.specification, "title": title, "description": about}))
    return replace(analysis, figures=figures)


def _notes(analyses: Sequence[Analysis], left_out: Sequence[str], subset: Sequence[str]) -> ResultTable:
    rows = [("subset", text) for text in subset]
    rows += [(analysis.key, note) for analysis in analyses for note in analysis.left_out]
    rows += [("all", note) for note in left_out]
    return ResultTable("notes", "Notes", pl.DataFrame(rows, {"about": pl.String, "note": pl.String}, orient="row"))
